"""Datasets written as Parquet by the executors, and verified as stored."""

import itertools
import math
import os
import pickle
import tempfile
from typing import Any, Callable, Iterator, Mapping, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import TaskContext
from pyspark.sql import DataFrame

from . import s3
from .failures import JobFailure, guarded
from .spark import rows_of

_ROWS_PER_GROUP = 122_880
_ORDER = ["dataset", "k0", "k1", "seq"]


class Dataset(NamedTuple):
    """Where the rows of a dataset go, and what they look like there."""

    schema: pa.Schema
    bucket: str
    #: Key without what tells files of a dataset apart: `-<n>.parquet`.
    stem: str
    #: Whether the dataset has a file without rows when it has no rows.
    always: bool
    #: Makes a row of the schema of a row's values and of when it was written, microseconds since 1970.
    finish: Callable[[Any, int | None], tuple[Any, ...]]


class StoredFile(NamedTuple):
    """A Parquet file in S3."""

    dataset: str
    bucket: str
    key: str
    rows: int
    bytes: int

    def report(self) -> dict[str, Any]:
        """As reports have it."""
        return {"uri": f"s3://{self.bucket}/{self.key}", "rows": self.rows, "bytes": self.bytes}


_STORED = pa.schema(
    [
        ("dataset", pa.string()),
        ("bucket", pa.string()),
        ("key", pa.string()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
    ]
)
_STORED_DDL = "dataset string, bucket string, key string, rows long, bytes long"


def _write(name: str, dataset: Dataset, rows: Iterator[Any], part: int) -> StoredFile:
    key = f"{dataset.stem}-{part}.parquet"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "part.parquet")
        count = 0
        with pq.ParquetWriter(path, dataset.schema, compression="snappy", store_schema=False) as writer:
            while group := list(itertools.islice(rows, _ROWS_PER_GROUP)):
                writer.write_table(_table(group, dataset.schema))
                count += len(group)
            if count == 0:
                writer.write_table(dataset.schema.empty_table())
        return StoredFile(name, dataset.bucket, key, count, s3.upload(path, dataset.bucket, key))


def _table(rows: list[Any], schema: pa.Schema) -> pa.Table:
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows), schema)]
    return pa.Table.from_arrays(columns, schema=schema)


def write_datasets(
    frame: DataFrame, counts: Mapping[str, int], datasets: Mapping[str, Dataset], rows_per_file: int
) -> dict[str, list[StoredFile]]:
    """
    Writes the rows of all datasets in one pass, sorted by their keys within and across files.
    The stored files are read back: raises JobFailure when they have not `counts` rows.
    """
    files = max(1, math.ceil(sum(counts.get(name, 0) for name in datasets) / rows_per_file))
    parts = frame.repartition(1) if files == 1 else frame.repartitionByRange(files, *_ORDER)

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        part = context.partitionId() if context else 0
        for name, rows in itertools.groupby(rows_of(batches), key=lambda row: row["dataset"]):
            dataset = datasets[name]
            finished = (dataset.finish(pickle.loads(row["body"]), row["written_at"]) for row in rows)
            stored = _write(name, dataset, finished, part)
            yield pa.RecordBatch.from_pylist([stored._asdict()], schema=_STORED)

    rows = parts.sortWithinPartitions(*_ORDER).mapInArrow(guarded("writing Parquet", write), _STORED_DDL).collect()
    stored = {name: [StoredFile(**row.asDict()) for row in rows if row["dataset"] == name] for name in datasets}
    for name, dataset in datasets.items():
        if not stored[name]:
            stored[name] = [_write(name, dataset, iter(()), 0)] if dataset.always else []
        stored[name].sort(key=lambda file: int(file.key.rpartition("-")[2].removesuffix(".parquet")))
        for file in stored[name]:
            _verify(file)
        held = sum(file.rows for file in stored[name])
        if held != counts.get(name, 0):
            raise JobFailure(f"Dataset {name} was to get {counts.get(name, 0)} rows but {held} were written")
    return stored


def _verify(file: StoredFile) -> None:
    size = s3.size_of(file.bucket, file.key)
    footer = pq.read_metadata(s3.open_parquet(file.bucket, file.key, size or 0)) if size else None
    if footer is None or size != file.bytes or footer.num_rows != file.rows:
        raise JobFailure(f"s3://{file.bucket}/{file.key} does not hold the {file.rows} rows that were written to it")
