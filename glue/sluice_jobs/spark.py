"""The Spark session, and rows that pass through it."""

from typing import Any, Iterable, Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

#: Records that become one batch of Arrow.
BATCH = 5_000


def spark_session(job: str) -> SparkSession:
    """Glue's session, or one of this machine where there is none."""
    spark = SparkSession.builder.appName(job).getOrCreate()
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.caseSensitive": "true",
        "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH),
    }
    for name, value in settings.items():
        spark.conf.set(name, value)
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def batched(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows as Arrow batches of bounded size."""
    held: list[tuple[Any, ...]] = []
    for row in rows:
        held.append(row)
        if len(held) == BATCH:
            yield _batch(held, schema)
            held = []
    if held:
        yield _batch(held, schema)


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows), schema)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """The rows of Arrow batches, by column name."""
    for batch in batches:
        yield from batch.to_pylist()
