"""The form in which rows of the lake pass through Spark, and the reading of exports into it."""

import datetime
import itertools
from typing import Any, Iterator, Mapping, Sequence

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from .export_files import DataFile, read_records
from .failures import guarded
from .items import NO_ITEM, ItemReader
from .spark import BATCH, batched, rows_of

EPOCH = datetime.datetime(1970, 1, 1)

#: Dataset, the keys' texts, microseconds since 1970, place in the exports, and pickled values.
LAKE_ROWS = pa.schema(
    [
        ("dataset", pa.string()),
        ("k0", pa.string()),
        ("k1", pa.string()),
        ("written_at", pa.int64()),
        ("seq", pa.int64()),
        ("body", pa.binary()),
    ]
)
LAKE_ROWS_DDL = "dataset string, k0 string, k1 string, written_at long, seq long, body binary"

_FILES_DDL = "number int, bucket string, key string, md5 string, items long, size long"


def read_exports(
    spark: SparkSession, files: Sequence[DataFile], spec: Mapping[str, Any], as_of: int | None, changes: bool
) -> DataFrame:
    """Rows of the lake made of exports, a task for each data file; lines that hold no item have the dataset NO_ITEM."""
    if not files:
        return spark.createDataFrame([], LAKE_ROWS_DDL)
    listed = [(number, *file) for number, file in enumerate(files)]
    frame = spark.createDataFrame(spark.sparkContext.parallelize(listed, len(listed)), _FILES_DDL)

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        reader = ItemReader(spec)
        for row in rows_of(batches):
            file = DataFile(row["bucket"], row["key"], row["md5"], row["items"], row["size"])
            yield from batched(_rows(reader, file, row["number"] << 40, as_of, changes), LAKE_ROWS)

    return frame.mapInArrow(guarded("reading the export", read), LAKE_ROWS_DDL)


def _rows(
    reader: ItemReader, file: DataFile, first: int, as_of: int | None, changes: bool
) -> Iterator[tuple[Any, ...]]:
    seq = itertools.count(first)
    records = read_records(file, as_of, changes)
    while chunk := list(itertools.islice(records, BATCH)):
        for row in reader.rows([record for record in chunk if record is not None]):
            whole = not changes or (row.k0 is not None and row.k1 is not None)
            yield (row.dataset if whole else NO_ITEM, *row[1:4], next(seq), row.body)
        for _ in range(chunk.count(None)):
            yield (NO_ITEM, None, None, None, next(seq), b"")
