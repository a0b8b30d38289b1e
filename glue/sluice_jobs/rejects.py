"""Rejected items and rows: their dataset in the lake, and what a report says of them."""

import heapq
import json
import pickle
from typing import Any, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame

from .failures import guarded
from .lake_column import Reason
from .spark import rows_of

#: The dataset's columns; bodies are pickled (item type, reasons, key, item).
SCHEMA = pa.schema(
    [
        ("item_type", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("key", pa.string()),
        ("item", pa.string()),
        ("sluice_written_at", pa.timestamp("us")),
    ]
)
CATALOG_COLUMNS = [
    ("item_type", "string"),
    ("reasons", "array<string>"),
    ("key", "string"),
    ("item", "string"),
    ("sluice_written_at", "timestamp"),
]
_SAMPLES = 10

_Kind = tuple[Any, ...]


def _merge(found: dict[_Kind, tuple[int, list[str]]], kind: _Kind, items: int, keys: list[str]) -> None:
    count, samples = found.get(kind, (0, []))
    found[kind] = (count + items, heapq.nsmallest(_SAMPLES, samples + keys))


def reasons_of(rejected: DataFrame) -> dict[str, list[dict[str, Any]]]:
    """
    By `dataset`, the reasons of rejects in the column `body`, counted, with the ten lowest keys of each, as reports have
    them.
    """

    def count(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found: dict[_Kind, tuple[int, list[str]]] = {}
        for row in rows_of(batches):
            item_type, reasons, key, _ = pickle.loads(row["body"])
            for reason in set(reasons):
                _merge(found, (row["dataset"], item_type, *reason), 1, [key])
        rows = [pickle.dumps((kind, *counted)) for kind, counted in found.items()]
        yield pa.RecordBatch.from_arrays([pa.array(rows, pa.binary())], ["found"])

    total: dict[_Kind, tuple[int, list[str]]] = {}
    for row in (
        rejected.select("dataset", "body").mapInArrow(guarded("counting rejects", count), "found binary").collect()
    ):
        _merge(total, *pickle.loads(row["found"]))
    reasons: dict[str, list[dict[str, Any]]] = {}
    for kind in sorted(total, key=lambda kind: (kind[1] is not None, *(str(part) for part in kind[1:]))):
        dataset, item_type, attribute, expected, found = kind
        items, keys = total[kind]
        told = {"itemType": item_type, "attribute": attribute, "expected": expected, "found": found, "items": items}
        reasons.setdefault(dataset, []).append({**told, "sampleKeys": [json.loads(key) for key in keys]})
    return reasons


def reject_row(body: Any, written_at: int | None) -> tuple[Any, ...]:
    """A row of the dataset."""
    item_type, reasons, key, item = body
    return (item_type, [str(Reason(*reason)) for reason in reasons], key, item, written_at)
