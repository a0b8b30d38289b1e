"""What of an item becomes a column of the lake, and why an item is rejected."""

import json
from typing import Any, Mapping, NamedTuple

import pyarrow as pa

from .exact_cast import exact_cast
from .spec import element_type

_DESCRIPTORS = ("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS")
_MISSING = object()
_UNFIT = object()


class Reason(NamedTuple):
    """Why an item, or a row, is rejected."""

    attribute: str
    expected: str
    found: str

    def __str__(self) -> str:
        return self.found if self.attribute == "" else f"{self.attribute}: expected {self.expected}, found {self.found}"


def compact_json(value: Any) -> str:
    """JSON without blanks, as exports have it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def scalar_text(value: Any) -> str | None:
    """The text of a value under its descriptor; only BOOL is none already."""
    return value if value is None or isinstance(value, str) else compact_json(value)


def has(attribute: Any, descriptor: str) -> bool:
    """Whether an attribute has this descriptor."""
    return isinstance(attribute, dict) and attribute.get(descriptor) is not None


def key_text(attribute: Any) -> str | None:
    """Text of a table key, whatever its type."""
    return next((scalar_text(attribute[kind]) for kind in ("S", "N", "B") if has(attribute, kind)), None)


def _descriptor(attribute: Any) -> str:
    return next((kind for kind in _DESCRIPTORS if has(attribute, kind)), "nothing")


def _cast_value(kind: str, lake_type: str, raw: Any) -> Any:
    """A scalar, a set, or a map or list kept as JSON; _UNFIT for what does not fit."""
    if kind in ("M", "L"):
        return compact_json(raw)
    element = element_type(lake_type)
    cast = exact_cast(element or lake_type)
    assert cast is not None
    if element is None:
        value = cast.cast(scalar_text(raw) or "")
        return _UNFIT if value is None else value
    values = [cast.cast(scalar_text(one) or "") for one in raw]
    return _UNFIT if None in values else values


def arrow_type(column: Mapping[str, Any]) -> pa.DataType:
    """The column's type in Parquet."""
    if "fields" in column:
        members = [(field["name"].lower(), arrow_type(field)) for field in column["fields"]]
        return pa.list_(pa.struct(members))
    element = element_type(column["lakeType"])
    cast = exact_cast(element or column["lakeType"])
    assert cast is not None
    return cast.arrow if element is None else pa.list_(cast.arrow)


def catalog_type(column: Mapping[str, Any]) -> str:
    """The column's type in the Glue catalog; nested names are lower-case there."""
    if "fields" not in column:
        return str(column["lakeType"])
    members = ",".join(f"{field['name'].lower()}:{field['lakeType']}" for field in column["fields"])
    return f"array<struct<{members}>>"


class LakeColumn:
    """Reads one column of items. Values come as Python's, reasons to reject are added to a list."""

    def __init__(self, column: Mapping[str, Any]):
        self._column = column
        self._path: list[str] = column["path"]
        self._kind: str = column["type"]
        self._name = ".".join(self._path)

    def value(self, item: Mapping[str, Any], reasons: list[Reason]) -> Any:
        """The column's value in an item in DynamoDB JSON, None when it is missing or does not fit."""
        raw = self._raw(item, reasons)
        if raw is _UNFIT:
            return None
        if raw is _MISSING:
            if self._column["required"]:
                reasons.append(Reason(self._name, self._kind, "missing"))
            return None
        if "fields" in self._column:
            return self._list_of_maps(raw, reasons)
        value = _cast_value(self._kind, self._column["lakeType"], raw)
        if value is _UNFIT:
            reasons.append(Reason(self._name, self._column["lakeType"], f"{self._kind} that does not fit"))
            return None
        return value

    def _raw(self, item: Mapping[str, Any], reasons: list[Reason]) -> Any:
        """The value under the wanted descriptor. NULL is a missing value; any other descriptor is a reason."""
        at: Any = item
        for depth, name in enumerate(self._path):
            attribute = at.get(name)
            last = depth == len(self._path) - 1
            wanted = self._kind if last else "M"
            if attribute is None:
                return _MISSING
            if not has(attribute, wanted):
                if has(attribute, "NULL"):
                    return _MISSING
                reasons.append(Reason(".".join(self._path[: depth + 1]), wanted, _descriptor(attribute)))
                return _UNFIT
            at = attribute[wanted]
        return at

    def _list_of_maps(self, raw: list[Any], reasons: list[Reason]) -> Any:
        found: list[Reason] = []
        if any(one is not None and not has(one, "M") and not has(one, "NULL") for one in raw):
            found.append(Reason(self._name, "L of M", "L of something else"))
        elements = [one["M"] if has(one, "M") else None for one in raw]
        rows: list[dict[str, Any] | None] = [None if one is None else {} for one in elements]
        for field in self._column["fields"]:
            kind, lake_type = field["type"], field["lakeType"]
            wrong = False
            for element, row in zip(elements, rows):
                if element is None or row is None:
                    continue
                attribute = element.get(field["name"])
                value = None
                if attribute is not None and not has(attribute, "NULL"):
                    value = _cast_value(kind, lake_type, attribute[kind]) if has(attribute, kind) else _UNFIT
                wrong = wrong or value is _UNFIT
                row[field["name"].lower()] = value
            if wrong:
                expected = kind if lake_type == "string" else lake_type
                found.append(Reason(f"{self._name}.{field['name']}", expected, f"not {kind} that fits"))
        reasons.extend(found)
        return None if found else rows
