"""Rows of the lake made into rows of a landing table."""

import datetime
import pickle
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

import pyarrow as pa

from .exact_cast import exact_cast
from .failures import JobFailure
from .lake_column import Reason, compact_json
from .landing_values import json_text, plain_text
from .patterns import key_parts

WRITTEN_AT = "sluice_written_at"
_EPOCH = datetime.datetime(1970, 1, 1)


class _Place(NamedTuple):
    """A lake row, or an element of its exploded columns."""

    row: Mapping[str, Any]
    element: Mapping[str, str | None]
    position: int


class LandingRows:
    """Makes landing rows as a LandJobSpec says. Raises JobFailure when it asks for what the dataset does not have."""

    def __init__(self, spec: Mapping[str, Any], lake: pa.Schema):
        self._spec = spec
        self._lake = {field.name: field.type for field in lake}
        self._fields = self._field_names()
        for name in spec["keyColumns"]:
            self._known(name)
        for column in spec["columns"]:
            source = column["source"]
            if "column" in source:
                self._known(source["column"])
            if source["kind"] == "field" and source["field"].lower() not in self._fields:
                raise JobFailure(f"Column {column['name']} takes the unknown field {source['field']}")

    def _known(self, name: str) -> pa.DataType:
        if name not in self._lake:
            raise JobFailure(f"The lake dataset has no column {name}")
        return self._lake[name]

    def _field_names(self) -> set[str]:
        names: set[str] = set()
        for source in self._spec.get("explode", []):
            if source["kind"] == "map":
                for column in source["fields"].values():
                    self._known(column)
                names.update(field.lower() for field in source["fields"])
                continue
            kind = self._known(source["column"])
            if not pa.types.is_list(kind) or not pa.types.is_struct(kind.value_type):
                raise JobFailure(f"Lake column {source['column']} is not a list of maps")
            names.update(field.name.lower() for field in kind.value_type)
        return names

    def schema(self) -> pa.Schema:
        """The landing table's columns."""
        return pa.schema([(column["name"], self._type(column)) for column in self._spec["columns"]])

    def _type(self, column: Mapping[str, Any]) -> pa.DataType:
        cast = exact_cast(column["type"])
        assert cast is not None
        return cast.arrow

    def rows(self, lake_rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
        """
        Rows as they pass through Spark: whether it fits, the keys' texts, when it was written, position, and pickled
        the values, or (item type, reasons, key, item) of a row that is rejected.
        """
        places = [place for row in lake_rows for place in self._explode(row)]
        columns = [self._column(column, places) for column in self._spec["columns"]]
        keys = self._spec["keyColumns"]
        for index, place in enumerate(places):
            reasons = [reasons[index] for _, reasons in columns if reasons[index] is not None]
            texts = [plain_text(place.row[name]) for name in keys]
            at = (texts[0], texts[1] if len(texts) > 1 else "", _micros(place.row), place.position)
            if not reasons:
                yield (True, *at, pickle.dumps(tuple(values[index] for values, _ in columns)))
                continue
            body = (
                self._spec["itemType"],
                [tuple(reason or ()) for reason in reasons],
                self._key(place.row),
                self._item(place),
            )
            yield (False, *at, pickle.dumps(body))

    def _explode(self, row: Mapping[str, Any]) -> Iterator[_Place]:
        if "explode" not in self._spec:
            yield _Place(row, {}, 0)
            return
        position = 0
        for source in self._spec["explode"]:
            if source["kind"] == "map":
                values = {field.lower(): plain_text(row[column]) for field, column in source["fields"].items()}
                elements = [values] if any(value is not None for value in values.values()) else []
            else:
                elements = row[source["column"]] or []
            for element in elements:
                if element is not None:
                    texts = {name.lower(): plain_text(value) for name, value in element.items()}
                    yield _Place(row, texts, position)
                position += 1

    def _column(self, column: Mapping[str, Any], places: Sequence[_Place]) -> tuple[list[Any], list[Reason | None]]:
        """The column's values, and a reason where one does not fit."""
        raw, values = self._values(column, places)
        what = "a key that does not match or fit" if column["source"]["kind"] == "key" else "a value that does not fit"
        reasons: list[Reason | None] = []
        for given, value in zip(raw, values):
            missing = given is None and column["required"]
            unfit = given is not None and value is None
            found = "missing" if missing else what
            reasons.append(Reason(column["name"], column["type"], found) if missing or unfit else None)
        return values, reasons

    def _values(self, column: Mapping[str, Any], places: Sequence[_Place]) -> tuple[list[Any], list[Any]]:
        source, exact = column["source"], exact_cast(column["type"])
        assert exact is not None
        kind = source["kind"]
        if kind == "writtenAt":
            times = [_time(place.row) for place in places]
            return times, times
        if kind == "position":
            texts = [str(place.position) for place in places]
        elif kind == "field":
            texts = [place.element.get(source["field"].lower()) for place in places]
        else:
            given = [place.row[source["column"]] for place in places]
            if kind == "column" and self._lake[source["column"]] == exact.arrow != pa.string():
                return given, given
            texts = [plain_text(value) for value in given]
        cut = key_parts(source["pattern"], texts) if kind == "key" else texts
        return texts, [None if text is None else exact.cast(text) for text in cut]

    def _key(self, row: Mapping[str, Any]) -> str:
        """The item's table keys in DynamoDB JSON, by the lake's column names."""
        kinds = {pa.string(): "S", pa.binary(): "B"}
        keys = self._spec["keyColumns"]
        return compact_json({name: {kinds.get(self._lake[name], "N"): plain_text(row[name])} for name in keys})

    def _item(self, place: _Place) -> str:
        item = json_text({"row": {name: place.row[name] for name in self._lake}})
        return item if "explode" not in self._spec else f'{item[:-1]},"position":{place.position}}}'


def _time(row: Mapping[str, Any]) -> datetime.datetime | None:
    time: datetime.datetime | None = row.get(WRITTEN_AT)
    return None if time is None else time.replace(tzinfo=None)


def _micros(row: Mapping[str, Any]) -> int | None:
    time = _time(row)
    return None if time is None else (time - _EPOCH) // datetime.timedelta(microseconds=1)
