"""The lake generation that changes are merged into."""

import datetime
import json
import pickle
from typing import Any, Callable, Iterator, Mapping

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from . import s3
from .arguments import S3Location, is_utc
from .failures import JobFailure, guarded
from .items import DELETED, REJECTED, ItemReader, Record, canonical_key, canonical_number
from .lake_rows import LAKE_ROWS, LAKE_ROWS_DDL, EPOCH
from .landing_values import plain_text
from .spark import batched, rows_of

STATE_FILE = "_sluice_state.json"


def read_state(at: S3Location, spec: Mapping[str, Any], table_id: str) -> dict[str, Any]:
    """The state file of a complete generation of the same table and item types; raises JobFailure for any other."""
    bucket, prefix = at
    try:
        if s3.size_of(bucket, prefix + STATE_FILE) is None:
            raise ValueError
        state: dict[str, Any] = json.loads(s3.read_text(bucket, prefix + STATE_FILE))
        if state["version"] != 1 or not is_utc(state["asOf"]) or not isinstance(state["datasets"], dict):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise JobFailure(f"{at} holds no complete lake: {STATE_FILE} is missing") from None
    if [state["spec"].get("keys"), state["spec"].get("itemTypes")] != [spec["keys"], spec["itemTypes"]]:
        raise JobFailure(f"The lake at {at} was made by other item types")
    if state["tableId"] != table_id:
        raise JobFailure("The previous lake holds another table of the same name")
    return state


def open_previous(
    spark: SparkSession, at: S3Location, state: Mapping[str, Any], spec: Mapping[str, Any], folder: str
) -> DataFrame:
    """All rows of a generation, as the lake's rows are on their way through Spark."""
    bucket, prefix = at
    names = [item_type["name"] for item_type in spec["itemTypes"]]
    frame: DataFrame | None = None
    for name in [*names, REJECTED, DELETED]:
        held = state["datasets"].get(name) or {}
        keys = [prefix + file for file in held.get("files", [])]
        if not keys:
            raise JobFailure(f"The lake at {at} has no dataset {name}")
        if sum(_rows(at, key) for key in keys) != held["rows"]:
            raise JobFailure(f"Dataset {name} of the lake at {at} does not hold its {held['rows']} rows")
        read = spark.read.parquet(*s3.spark_paths(bucket, keys, folder))
        rows = read.mapInArrow(guarded("reading the previous lake", _reader(spec, name)), LAKE_ROWS_DDL)
        frame = rows if frame is None else frame.unionByName(rows)
    assert frame is not None
    return frame


def _rows(at: S3Location, key: str) -> int:
    """Rows of a file of the generation, by its footer."""
    size = s3.size_of(at.bucket, key)
    if size is None:
        raise JobFailure(f"File {key.removeprefix(at.key)} of the lake at {at} is missing")
    return int(pq.read_metadata(s3.open_parquet(at.bucket, key, size)).num_rows)


def _reader(spec: Mapping[str, Any], name: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        row_of = _row_maker(spec, name)
        return batched((row_of(row) for row in rows_of(batches)), LAKE_ROWS)

    return read


def _row_maker(spec: Mapping[str, Any], name: str) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    reader = ItemReader(spec)
    if name == REJECTED:

        def rejected(row: dict[str, Any]) -> tuple[Any, ...]:
            item = json.loads(row["item"])
            (made,) = reader.rows([Record(item, item, _micros(row))])
            if made.dataset != REJECTED:
                raise JobFailure("The previous lake has a rejected item that fits its item types")
            return (*made[:4], -1, made.body)

        return rejected
    if name == DELETED:

        def deleted(row: dict[str, Any]) -> tuple[Any, ...]:
            keys = json.loads(row["key"])
            texts = [canonical_key(keys.get(key)) for key in spec["keys"]]
            return (
                DELETED,
                texts[0],
                texts[1] if len(texts) > 1 else "",
                _micros(row),
                -1,
                pickle.dumps((row["key"],)),
            )

        return deleted
    columns = next(item_type["columns"] for item_type in spec["itemTypes"] if item_type["name"] == name)
    keys = [next((one for one in columns if one["path"] == [key]), None) for key in spec["keys"]]
    if None in keys:
        missing = spec["keys"][keys.index(None)]
        raise JobFailure(f"Item type {name} does not keep the table key {missing}")

    def living(row: dict[str, Any]) -> tuple[Any, ...]:
        texts = [_key_text(row[key["name"]], key["type"]) for key in keys if key is not None]
        values = tuple(row[column["name"]] for column in columns)
        return (name, texts[0], texts[1] if len(texts) > 1 else "", _micros(row), -1, pickle.dumps(values))

    return living


def _key_text(value: Any, kind: str) -> str | None:
    text = plain_text(value)
    return canonical_number(text) if kind == "N" and text is not None else text


def _micros(row: Mapping[str, Any]) -> int | None:
    """The time a row was written, in microseconds since 1970."""
    time: datetime.datetime | None = row["sluice_written_at"]
    return None if time is None else (time.replace(tzinfo=None) - EPOCH) // datetime.timedelta(microseconds=1)
