"""raw_to_datalake.py: makes the lake of a full export, or merges incremental exports into the generation before."""

import tempfile
from typing import Any, NamedTuple, Sequence

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from . import rejects, s3
from .arguments import Arguments, S3Location, run_hash, utc_micros
from .catalog import catalog_dataset
from .export_files import DataFile, read_manifest
from .failures import JobFailure
from .items import DELETED, NO_ITEM, REJECTED, patterns_of
from .lake_column import arrow_type, catalog_type, compact_json
from .lake_rows import read_exports
from .parquet_files import Dataset, StoredFile, write_datasets
from .patterns import check_patterns
from .previous_lake import STATE_FILE, open_previous, read_state
from .report import summarize_rejects, write_report
from .spark import spark_session
from .spec import check_lake_spec

_HOUR = 3_600_000_000
_ROWS_PER_FILE = 2_000_000
_KEYS = ["k0", "k1"]
_TIME = ("sluice_written_at", pa.timestamp("us"))


class _Task(NamedTuple):
    """What a run makes the lake of."""

    manifests: Sequence[tuple[S3Location, int]]
    #: Of incremental runs: the generation before, and since when deletes are remembered, microseconds since 1970.
    previous: S3Location | None
    remembered_from: int
    #: asOf, exportTime, tableId of the state file; None for runs that 0.1.0 began.
    state: dict[str, str] | None


def _read_task(args: Arguments) -> _Task:
    state = None
    if args.optional("--as_of") is not None:
        export_time = args.time("--export_time") if args.optional("--export_time") is not None else None
        known = {"asOf": args.time("--as_of"), "exportTime": export_time, "tableId": args.text("--table_id")}
        state = {name: value for name, value in known.items() if value is not None}
    if args.optional("--previous") is None:
        return _Task([(args.uri("--manifest_uri"), args.count("--expected_items"))], None, 0, state)
    listed = args.json("--manifests")
    try:
        manifests = [(Arguments({"--manifests": one["uri"]}).uri("--manifests"), int(one["items"])) for one in listed]
    except (KeyError, TypeError, ValueError):
        manifests = []
    if not manifests:
        raise JobFailure("Argument --manifests is not valid: it lists the URI and the items of each manifest")
    changes_from = utc_micros(args.time("--changes_from"))
    state = {"asOf": args.time("--as_of"), "tableId": args.text("--table_id")}
    return _Task(manifests, args.folder("--previous"), changes_from - _HOUR, state)


def _merge(changes: DataFrame, previous: DataFrame) -> DataFrame:
    """The latest change of each key, unless the generation before has a later one, and the rows of all other keys."""
    newest = F.max(F.struct("written_at", "seq", "dataset", "body")).alias("newest")
    latest = changes.groupBy(*_KEYS).agg(newest).select(*_KEYS, "newest.*")
    changed = latest.select(*_KEYS, F.col("written_at").alias("changed_at"))
    # Read once: it is asked for what stays, and for what is later than its change.
    held = previous.join(changed, _KEYS, "left").persist(StorageLevel.MEMORY_AND_DISK)
    applied = latest.join(held.where("written_at > changed_at").select(*_KEYS), _KEYS, "left_anti")
    untouched = held.join(applied.select(*_KEYS), _KEYS, "left_anti")
    columns = ["dataset", *_KEYS, "written_at", "seq", "body"]
    return applied.select(*columns).unionByName(untouched.select(*columns))


def _timed(values: tuple[Any, ...], written_at: int | None) -> tuple[Any, ...]:
    return (*values, written_at)


def _datasets(spec: dict[str, Any], lake: S3Location, run_key: str) -> dict[str, Dataset]:
    def dataset(name: str, columns: list[Any]) -> Dataset:
        return Dataset(
            pa.schema([*columns, _TIME]), lake.bucket, f"{lake.key}type={name}/{run_hash(run_key)}", True, _timed
        )

    living = {
        kind["name"]: dataset(kind["name"], [(column["name"], arrow_type(column)) for column in kind["columns"]])
        for kind in spec["itemTypes"]
    }
    rejected = dataset(REJECTED, [])._replace(schema=rejects.SCHEMA, finish=rejects.reject_row)
    return {**living, REJECTED: rejected, DELETED: dataset(DELETED, [("key", pa.string())])}


def _catalog_columns(spec: dict[str, Any], name: str) -> list[tuple[str, str]]:
    if name == REJECTED:
        return rejects.CATALOG_COLUMNS
    types = {
        kind["name"]: [(column["name"], catalog_type(column)) for column in kind["columns"]]
        for kind in spec["itemTypes"]
    }
    return [*types.get(name, [("key", "string")]), (_TIME[0], "timestamp")]


def run(args: Arguments) -> None:
    """Does what docs/glue-jobs.md says of raw_to_datalake.py; raises JobFailure when the run is to end FAILED."""
    run_key = args.text("--run_key")
    lake = args.folder("--lake_uri")
    database = args.text("--catalog_database")
    report_at = args.uri("--report_uri")
    spec = args.json("--spec")
    check_lake_spec(spec)
    task = _read_task(args)
    check_patterns(patterns_of(spec), False)
    files: list[DataFile] = [file for at, items in task.manifests for file in read_manifest(at, items)]
    expected = sum(items for _, items in task.manifests)
    merging = task.previous is not None
    state = read_state(task.previous, spec, (task.state or {})["tableId"]) if task.previous is not None else None
    spark = spark_session("raw_to_datalake_job")
    with tempfile.TemporaryDirectory() as folder:
        as_of = utc_micros(task.state["asOf"]) if task.state is not None else None
        records = read_exports(spark, files, spec, as_of, merging).persist(StorageLevel.MEMORY_AND_DISK)
        read = _counts(records)
        if NO_ITEM in read:
            raise JobFailure(f"{read[NO_ITEM]} lines of the export hold no item")
        if sum(read.values()) != expected:
            raise JobFailure(f"The data files hold {sum(read.values())} items but the manifest lists {expected}")
        rows = records
        if task.previous is not None and state is not None:
            rows = _merge(records, open_previous(spark, task.previous, state, spec, folder))
            rows = rows.where((F.col("dataset") != DELETED) | (F.col("written_at") >= task.remembered_from))
            rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
        due = _counts(rows)
        rejected = rows.where(F.col("dataset") == REJECTED)
        report: dict[str, Any] = {
            "version": 1,
            "job": "raw_to_datalake_job",
            "runKey": run_key,
            "itemsRead": expected,
            "bytesRead": sum(file.size for file in files),
            "rows": {},
            "rejected": {
                "items": due.get(REJECTED, 0),
                "reasons": rejects.reasons_of(rejected)[REJECTED] if due.get(REJECTED, 0) > 0 else [],
            },
            "files": [],
        }
        if spec["onReject"] == "fail" and report["rejected"]["items"] > 0:
            write_report(report_at, report)
            raise JobFailure(summarize_rejects(report, report_at))
        stored = write_datasets(rows, due, _datasets(spec, lake, run_key), _ROWS_PER_FILE)
        _complete(lake, spec, run_key, task.state, stored, database)
    living = {name: due.get(name, 0) for name in stored if name != DELETED}
    everything = [file.report() for part in stored.values() for file in part]
    write_report(report_at, {**report, "rows": living, "files": everything})


def _counts(rows: DataFrame) -> dict[str, int]:
    return {row["dataset"]: row["count"] for row in rows.groupBy("dataset").count().collect()}


def _complete(
    lake: S3Location,
    spec: dict[str, Any],
    run_key: str,
    state: dict[str, str] | None,
    stored: dict[str, list[StoredFile]],
    database: str,
) -> None:
    """Writes the state file that makes the generation complete, deletes what was there, and tells the catalog."""
    keep = {file.key for files in stored.values() for file in files}
    if state is not None:
        datasets = {
            name: {
                "rows": sum(file.rows for file in files),
                "files": [file.key.removeprefix(lake.key) for file in files],
            }
            for name, files in stored.items()
        }
        parts = {"keys": spec["keys"], "itemTypes": spec["itemTypes"]}
        content = {"version": 1, "runKey": run_key, **state, "datasets": datasets, "spec": parts}
        s3.put_json(lake.bucket, lake.key + STATE_FILE, compact_json(content))
        keep.add(lake.key + STATE_FILE)
    s3.delete_others(lake.bucket, lake.key, keep)
    for name, files in stored.items():
        location = f"s3://{lake.bucket}/{lake.key}type={name}/"
        rows = sum(file.rows for file in files)
        catalog_dataset(database, f"{spec['table']}_{name}", location, _catalog_columns(spec, name), rows, run_key)
