"""land.py: replaces landing tables with rows of the lake, one table or, as the packed job, all of them."""

import tempfile
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from . import quarantine, rejects, s3
from .arguments import Arguments, S3Location, run_hash
from .connection import read_connection
from .failures import JobFailure, guarded
from .lake_dataset import LakeDataset, open_dataset
from .lake_rows import LAKE_ROWS, LAKE_ROWS_DDL
from .landing_rows import LandingRows
from .landing_task import Landing, read_landing, read_watermark
from .parquet_files import Dataset, StoredFile, write_datasets
from .patterns import check_patterns
from .quarantined_rows import bad_rows, quarantine_dataset
from .report import summarize_rejects, write_report
from .spark import batched, spark_session
from .warehouse import Load, Warehouse

_ROWS_PER_STAGED_FILE = 250_000


def _good(spec: Mapping[str, Any]) -> str:
    return f"landing {spec['entity']}"


def _bad(spec: Mapping[str, Any]) -> str:
    return f"rejected {spec['entity']}"


def _landing_rows(frame: DataFrame, spec: Mapping[str, Any], schema: pa.Schema) -> DataFrame:
    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        maker = LandingRows(spec, schema)

        def rows() -> Iterator[tuple[Any, ...]]:
            for batch in batches:
                for fits, *rest in maker.rows(batch.to_pylist()):
                    yield (_good(spec) if fits else _bad(spec), *rest)

        return batched(rows(), LAKE_ROWS)

    return frame.mapInArrow(guarded(f"landing {spec['entity']}", make), LAKE_ROWS_DDL)


class _Source(NamedTuple):
    """An item type of the lake: what is landed of it, and what a ruleset keeps out."""

    lake: LakeDataset
    good: DataFrame
    held_back: DataFrame | None


def _open_sources(
    spark: SparkSession, lake: S3Location, landing: Landing, generation: str, folder: str
) -> dict[str, _Source]:
    sources: dict[str, _Source] = {}
    for item_type in {spec["itemType"]: None for spec in landing.specs}:
        dataset = open_dataset(lake.bucket, f"{lake.key}type={item_type}/", generation)
        frame = spark.read.parquet(*s3.spark_paths(dataset.bucket, list(dataset.keys), folder))
        held_back = None
        if item_type in landing.rulesets:
            frame, held_back = quarantine.split(frame, landing.rulesets[item_type])
        sources[item_type] = _Source(dataset, frame, held_back)
    return sources


def run(args: Arguments) -> None:
    """Does what docs/glue-jobs.md says of land.py; raises JobFailure when the run is to end FAILED."""
    run_key = args.text("--run_key")
    lake = args.folder("--lake_uri")
    connection = read_connection(args.text("--connection"), args.text("--database"))
    report_at = args.uri("--report_uri")
    landing = read_landing(args)
    watermark = read_watermark(args)
    for spec in landing.specs:
        sources = [column["source"] for column in spec["columns"]]
        check_patterns([source["pattern"] for source in sources if source["kind"] == "key"], True)
    spark = spark_session(landing.job)
    generation = run_hash(run_key)
    with tempfile.TemporaryDirectory() as folder:
        sources = _open_sources(spark, lake, landing, generation, folder)
        frames = []
        datasets: dict[str, Dataset] = {}
        stage = S3Location(report_at.bucket, f"{report_at.key.removesuffix('.json')}.staged/")
        for spec in landing.specs:
            source = sources[spec["itemType"]]
            rows = LandingRows(spec, source.lake.schema)
            frames.append(_landing_rows(source.good, spec, source.lake.schema))
            datasets[_good(spec)] = Dataset(
                rows.schema(), stage.bucket, f"{stage.key}{spec['entity']}/part", False, _values
            )
            stem = f"{lake.key}type=rejected/{generation}-land_{spec['entity']}"
            datasets[_bad(spec)] = Dataset(rejects.SCHEMA, lake.bucket, stem, False, rejects.reject_row)
        for item_type, source in sources.items():
            if source.held_back is not None:
                keys = next(spec["keyColumns"] for spec in landing.specs if spec["itemType"] == item_type)
                frames.append(bad_rows(source.held_back, item_type, keys, source.lake.schema))
                datasets[quarantine_dataset(item_type)] = Dataset(
                    source.lake.schema.append(pa.field(quarantine.REASONS, pa.list_(pa.string()))),
                    *(lake.bucket, f"{lake.key}type={quarantine_dataset(item_type)}/{generation}", False, _values),
                )
        frame = frames[0]
        for other in frames[1:]:
            frame = frame.unionByName(other)
        frame = frame.persist(StorageLevel.MEMORY_AND_DISK)
        counts = {row["dataset"]: row["count"] for row in frame.groupBy("dataset").count().collect()}
        report = _report(landing, run_key, sources, frame, counts)
        if any(spec["onReject"] == "fail" and counts.get(_bad(spec), 0) > 0 for spec in landing.specs):
            write_report(report_at, report)
            raise JobFailure(summarize_rejects(report, report_at))
        try:
            stored = write_datasets(frame, counts, datasets, _ROWS_PER_STAGED_FILE)
            kept = _keep(lake, generation, landing, stored)
            warehouse = Warehouse(spark, connection, args.optional("--copy_role") or "default")
            try:
                for spec in landing.specs:
                    rows = counts.get(_good(spec), 0)
                    warehouse.replace(Load(spec, run_key, stored[_good(spec)], rows, watermark))
            finally:
                warehouse.close()
        finally:
            s3.delete_others(stage.bucket, stage.key, set())
    loaded = {spec["target"]: counts.get(_good(spec), 0) for spec in landing.specs}
    write_report(report_at, {**report, "rows": loaded, "files": [file.report() for file in kept]})


def _values(values: tuple[Any, ...], _written_at: int | None) -> tuple[Any, ...]:
    return values


def _keep(
    lake: S3Location, generation: str, landing: Landing, stored: Mapping[str, Sequence[StoredFile]]
) -> list[StoredFile]:
    """Leaves the lake only with quarantined and rejected rows of this attempt, and returns their files."""
    kept = []
    for item_type in landing.rulesets:
        name = quarantine_dataset(item_type)
        files = stored.get(name, [])
        s3.delete_others(lake.bucket, f"{lake.key}type={name}/", {file.key for file in files})
        kept.extend(files)
    for spec in landing.specs:
        files = stored[_bad(spec)]
        stem = f"{lake.key}type=rejected/{generation}-land_{spec['entity']}"
        s3.delete_others(lake.bucket, f"{stem}-", {file.key for file in files})
        kept.extend(files)
    return kept


def _report(
    landing: Landing, run_key: str, sources: Mapping[str, _Source], frame: DataFrame, counts: Mapping[str, int]
) -> dict[str, Any]:
    """What a run has read and rejected; several tables may be made of the same items, which count once."""
    bad = [_bad(spec) for spec in landing.specs]
    rejected = sum(counts.get(name, 0) for name in bad)
    found = rejects.reasons_of(frame.where(F.col("dataset").isin(bad))) if rejected > 0 else {}
    reasons = [
        {**reason, "target": spec["target"]} if landing.packed else reason
        for spec in landing.specs
        for reason in found.get(_bad(spec), [])
    ]
    held_back = [
        counts.get(quarantine_dataset(name), 0) for name, source in sources.items() if source.held_back is not None
    ]
    return {
        "version": 1,
        "job": landing.job,
        "runKey": run_key,
        "itemsRead": sum(source.lake.items for source in sources.values()),
        "bytesRead": sum(source.lake.bytes for source in sources.values()),
        "rows": {},
        "rejected": {"items": rejected, "reasons": reasons},
        **({"quarantined": sum(held_back)} if held_back else {}),
        "files": [],
    }
