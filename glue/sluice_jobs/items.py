"""Records of exports made into rows of the lake: each gets a dataset, and its values as that dataset has them."""

import pickle
from decimal import Decimal
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from .lake_column import LakeColumn, Reason, compact_json, has, key_text
from .patterns import matches

REJECTED = "rejected"
DELETED = "deleted"
#: Dataset of lines that are JSON but no export record: a run that meets one fails.
NO_ITEM = "!"


class Record(NamedTuple):
    """A line of an export."""

    #: None when the item was deleted.
    item: Any
    #: An item that holds at least the table's keys.
    keys: Any
    #: Microseconds since 1970 of the write that made it; None in lakes of runs that 0.1.0 began.
    written_at: int | None


class ItemRow(NamedTuple):
    """A row of the lake on its way through Spark, which sorts and joins by key and does not look into `body`."""

    dataset: str
    k0: str | None
    k1: str | None
    written_at: int | None
    #: Pickled values: of a row those of its columns, of a reject (item type, reasons, key, item), of a delete its key.
    body: bytes


def canonical_key(attribute: Any) -> str | None:
    """Text by which keys are compared: numbers that are equal have one text."""
    text = key_text(attribute)
    return canonical_number(text) if text is not None and has(attribute, "N") else text


def canonical_number(text: str) -> str:
    """Equal numbers of up to 38 digits in one spelling."""
    sign, digits, exponent = Decimal(text).as_tuple()
    significant = "".join(map(str, digits)).strip("0")
    if significant == "":
        return "0"
    whole = "".join(map(str, digits))
    zeros = len(whole) - len(whole.rstrip("0"))
    point = int(exponent) + zeros
    body = significant + "0" * point if point >= 0 else _with_point(significant, -point)
    return ("-" if sign else "") + body


def _with_point(digits: str, decimals: int) -> str:
    padded = digits.rjust(decimals + 1, "0")
    return f"{padded[:-decimals]}.{padded[-decimals:]}"


class ItemReader:
    """Tells items' types and reads their columns as a LakeJobSpec says."""

    def __init__(self, spec: Mapping[str, Any]):
        self._keys: list[str] = spec["keys"]
        self._types: list[Mapping[str, Any]] = spec["itemTypes"]
        self._columns = [[LakeColumn(column) for column in item_type["columns"]] for item_type in self._types]

    def key_json(self, item: Mapping[str, Any]) -> str:
        """DynamoDB JSON of the table keys."""
        return compact_json({name: item.get(name) for name in self._keys})

    def rows(self, records: Sequence[Record]) -> Iterator[ItemRow]:
        """The rows of records, in their order."""
        kinds = self._item_types([record.item for record in records])
        for record, kind in zip(records, kinds):
            yield self._row(record, kind)

    def _row(self, record: Record, kind: int) -> ItemRow:
        keys = [canonical_key(record.keys.get(name)) for name in self._keys]
        place = (keys[0], keys[1] if len(keys) > 1 else "", record.written_at)
        if record.item is None:
            return ItemRow(DELETED, *place, pickle.dumps((self.key_json(record.keys),)))
        item = record.item
        absent = [name for name in self._keys if key_text(item.get(name)) is None]
        reasons = [Reason(name, "a table key", "missing") for name in absent]
        if kind < 0:
            reasons.append(Reason("", "an item type of the model", "no item type"))
            values = []
        else:
            values = [column.value(item, reasons) for column in self._columns[kind]]
        if not reasons:
            return ItemRow(self._types[kind]["name"], *place, pickle.dumps(tuple(values)))
        name = self._types[kind]["name"] if kind >= 0 else None
        body = (name, [tuple(reason) for reason in reasons], self.key_json(item), compact_json(item))
        return ItemRow(REJECTED, *place, pickle.dumps(body))

    def _item_types(self, items: Sequence[Any]) -> list[int]:
        """Index of the first item type of which all conditions hold, −1 when there is none."""
        kinds = [-1] * len(items)
        for index, item_type in reversed(list(enumerate(self._types))):
            holds = [True] * len(items)
            for condition in item_type["match"]:
                texts = [_text(item, condition["attribute"]) for item in items]
                holds = [all_hold and text is not None for all_hold, text in zip(holds, texts)]
                if "equals" in condition:
                    holds = [held and text == condition["equals"] for held, text in zip(holds, texts)]
                if "pattern" in condition:
                    holds = [held and found for held, found in zip(holds, matches(condition["pattern"], texts))]
            kinds = [index if held else kind for held, kind in zip(holds, kinds)]
        return kinds


def _text(item: Any, attribute: str) -> str | None:
    value = item.get(attribute) if isinstance(item, dict) else None
    return value["S"] if has(value, "S") and isinstance(value["S"], str) else None


def patterns_of(spec: Mapping[str, Any]) -> list[str]:
    """The RE2 expressions of a LakeJobSpec."""
    conditions: Iterable[Mapping[str, Any]] = (one for kind in spec["itemTypes"] for one in kind["match"])
    return [one["pattern"] for one in conditions if "pattern" in one]
