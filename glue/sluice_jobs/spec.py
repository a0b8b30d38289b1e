"""Checks the specifications that jobs get, before anything is read. Their types are in model/plan.ts."""

import functools
import re
from typing import Any, Callable, Iterable

from .exact_cast import exact_cast
from .failures import JobFailure

_COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,126}")
_ITEM_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,126}")
_DESCRIPTORS = ("S", "N", "B", "BOOL", "M", "L", "SS", "NS", "BS")
_SETS = ("SS", "NS", "BS")


class _Check:
    """Collects nothing: the first problem ends the run, named by its place."""

    def __init__(self, argument: str):
        self.argument = argument

    def fail(self, place: str, problem: str) -> None:
        raise JobFailure(f"Argument {self.argument} is not valid: {place or '(top)'}: {problem}")

    def that(self, holds: bool, place: str, problem: str) -> None:
        if not holds:
            self.fail(place, problem)

    def rows(self, value: Any, place: str, least: int = 1) -> list[tuple[str, Any]]:
        self.that(isinstance(value, list) and len(value) >= least, place, f"must be a list of at least {least}")
        return [(f"{place}.{index}", one) for index, one in enumerate(value)]

    def name(self, value: Any, pattern: re.Pattern[str], place: str) -> None:
        self.that(isinstance(value, str) and pattern.fullmatch(value) is not None, place, "is not a valid name")

    def distinct(self, names: Iterable[str], place: str) -> None:
        listed = list(names)
        self.that(len(set(listed)) == len(listed), place, "names must differ")


@functools.cache
def element_type(lake_type: str) -> str | None:
    """The element of `array<…>`, None for a type that is no array."""
    match = re.fullmatch(r"array<(.+)>", lake_type)
    return match.group(1) if match else None


def _go_together(descriptor: Any, lake_type: Any) -> bool:
    if descriptor not in _DESCRIPTORS or not isinstance(lake_type, str):
        return False
    if descriptor in ("M", "L"):
        return lake_type == "string"
    element = element_type(lake_type)
    return (descriptor in _SETS) == (element is not None) and exact_cast(element or lake_type) is not None


def _lake_column(check: _Check, column: Any, place: str) -> None:
    check.name(column.get("name"), _COLUMN, f"{place}.name")
    for at, name in check.rows(column.get("path"), f"{place}.path"):
        check.that(isinstance(name, str) and name != "" and "\0" not in name, at, "is not an attribute name")
    check.that(isinstance(column.get("required"), bool), f"{place}.required", "must be true or false")
    mismatch = "the type and the lake type do not go together"
    if "fields" not in column:
        check.that(_go_together(column.get("type"), column.get("lakeType")), place, mismatch)
        return
    is_list = column.get("type") == "L" and str(column.get("lakeType")).startswith("array<struct<")
    check.that(is_list, place, mismatch)
    for at, field in check.rows(column["fields"], f"{place}.fields"):
        check.that(_go_together(field.get("type"), field.get("lakeType")), at, mismatch)
    check.distinct((field["name"].lower() for field in column["fields"]), f"{place}.fields")


def check_lake_spec(spec: Any) -> None:
    """Checks the `--spec` of raw_to_datalake.py: LakeJobSpec."""
    check = _Check("--spec")
    _guard(check, lambda: _lake_spec(check, spec))


def _lake_spec(check: _Check, spec: Any) -> None:
    check.that(spec["version"] == 1, "version", "must be 1")
    check.that(isinstance(spec["table"], str) and spec["table"] != "", "table", "is missing")
    check.that(len(check.rows(spec["keys"], "keys")) <= 2, "keys", "must be one or two")
    check.that(spec["onReject"] in ("reject", "fail"), "onReject", "must be reject or fail")
    for place, item_type in check.rows(spec["itemTypes"], "itemTypes", 0):
        check.name(item_type["name"], _ITEM_TYPE, f"{place}.name")
        check.that(item_type["name"] not in ("rejected", "deleted"), f"{place}.name", "is a reserved name")
        for at, condition in check.rows(item_type["match"], f"{place}.match"):
            check.that(isinstance(condition["attribute"], str), at, "names no attribute")
        for at, column in check.rows(item_type["columns"], f"{place}.columns"):
            _lake_column(check, column, at)
        check.distinct((column["name"] for column in item_type["columns"]), f"{place}.columns")
    check.distinct((item_type["name"] for item_type in spec["itemTypes"]), "itemTypes")


_SOURCES = {
    "column": ("column",),
    "field": ("field",),
    "position": (),
    "key": ("column", "pattern"),
    "writtenAt": (),
}


def check_land_spec(spec: Any, argument: str) -> None:
    """Checks the `--spec` of land.py, or one of its `--specs`: LandJobSpec."""
    check = _Check(argument)
    _guard(check, lambda: _land_spec(check, spec))


def _land_spec(check: _Check, spec: Any) -> None:
    check.that(spec["version"] == 1, "version", "must be 1")
    check.name(spec["entity"], _COLUMN, "entity")
    check.name(spec["itemType"], _ITEM_TYPE, "itemType")
    check.that(spec["target"].startswith("landing."), "target", "must be landing.<table>")
    check.name(spec["target"].removeprefix("landing."), _COLUMN, "target")
    check.that(spec["onReject"] in ("reject", "fail"), "onReject", "must be reject or fail")
    check.rows(spec["keyColumns"], "keyColumns")
    for place, source in check.rows(spec["explode"], "explode") if "explode" in spec else []:
        known = {"list": "column", "map": "fields"}.get(source["kind"])
        check.that(known is not None and known in source, place, "must be a list or a map")
    for place, column in check.rows(spec["columns"], "columns"):
        check.name(column["name"], _COLUMN, f"{place}.name")
        check.that(exact_cast(column["type"]) is not None, f"{place}.type", "is not a type the job can cast to")
        check.that(isinstance(column["required"], bool), f"{place}.required", "must be true or false")
        parts = _SOURCES.get(column["source"]["kind"])
        complete = parts is not None and all(isinstance(column["source"].get(part), str) for part in parts)
        check.that(complete, f"{place}.source", "is not a known source")
    check.distinct((column["name"] for column in spec["columns"]), "columns")


def _guard(check: _Check, work: Callable[[], None]) -> None:
    """What is missing or of another shape altogether is told like any other problem."""
    try:
        work()
    except (KeyError, TypeError, AttributeError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else "is of another shape"
        check.fail("", what)
