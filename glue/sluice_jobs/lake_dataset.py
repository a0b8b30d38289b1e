"""The Parquet files of one item type."""

from typing import NamedTuple, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from . import s3
from .failures import JobFailure


class LakeDataset(NamedTuple):
    """What a land job reads of the lake."""

    bucket: str
    keys: Sequence[str]
    schema: pa.Schema
    items: int
    #: As stored.
    bytes: int


def open_dataset(bucket: str, prefix: str, generation: str) -> LakeDataset:
    """
    Opens the dataset under `prefix`. A lake job that was killed between writing its files and deleting the earlier ones
    leaves two generations behind; then only that of this run, whose names begin with `generation`, is read.
    """
    found = {object.key: object.size for object in s3.list_objects(bucket, prefix)}
    files = {key: size for key, size in found.items() if key[len(prefix)] not in "_."}
    if not files:
        raise JobFailure(f"The lake has no dataset at s3://{bucket}/{prefix}: run the lake job first")
    generation_of = {key: key[len(prefix) :].split("-")[0] for key in files}
    several = len(set(generation_of.values())) > 1
    if several and generation not in generation_of.values():
        raise JobFailure(f"s3://{bucket}/{prefix} holds files of several lake runs: run the lake job again")
    current = [key for key in files if not several or generation_of[key] == generation]
    footers = [pq.ParquetFile(s3.open_parquet(bucket, key, files[key])) for key in current]
    items = sum(footer.metadata.num_rows for footer in footers)
    return LakeDataset(bucket, current, footers[0].schema_arrow, items, sum(files[key] for key in current))
