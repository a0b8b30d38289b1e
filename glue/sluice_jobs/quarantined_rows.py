"""Rows of the lake that are kept out of landing, on their way through Spark."""

import pickle
from typing import Any, Iterator, Sequence

import pyarrow as pa
from pyspark.sql import DataFrame

from .failures import guarded
from .lake_rows import LAKE_ROWS, LAKE_ROWS_DDL
from .landing_values import plain_text
from .quarantine import REASONS
from .spark import batched, rows_of


def quarantine_dataset(item_type: str) -> str:
    """The dataset of the lake that holds the bad rows of an item type, each with the rules it fails."""
    return f"quarantined_{item_type}"


def bad_rows(frame: DataFrame, item_type: str, keys: Sequence[str], lake: pa.Schema) -> DataFrame:
    """The rows with their reasons last, sorted by the lake's key columns."""
    names = [*lake.names, REASONS]

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
        for row in rows_of(batches):
            texts = [plain_text(row[key]) for key in keys]
            place = (texts[0], texts[1] if len(texts) > 1 else "", None, 0)
            yield (quarantine_dataset(item_type), *place, pickle.dumps(tuple(row[name] for name in names)))

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return batched(rows(batches), LAKE_ROWS)

    return frame.mapInArrow(guarded("holding rows back", read), LAKE_ROWS_DDL)
