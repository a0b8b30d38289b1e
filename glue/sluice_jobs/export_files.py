"""
Exports of DynamoDB in S3: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

import base64
import gzip
import json
import os
import tempfile
import zlib
from typing import Any, Iterator, NamedTuple

from . import s3
from .arguments import S3Location
from .failures import JobFailure
from .items import Record


class DataFile(NamedTuple):
    """A data file of an export: gzip-compressed JSON lines."""

    bucket: str
    key: str
    #: MD5 as the manifest has it, base64.
    md5: str
    items: int
    #: Bytes as stored.
    size: int


def read_manifest(manifest: S3Location, expected_items: int) -> list[DataFile]:
    """Reads manifest-files.json; its counts must add up to `expected_items`, and every data file must be there."""
    bucket, key = manifest
    if s3.size_of(bucket, key) is None:
        raise JobFailure(f"There is no manifest at {manifest}")
    entries = []
    lines = [line for line in s3.read_text(bucket, key).split("\n") if line.strip()]
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            count, md5, data_key = entry["itemCount"], entry["md5Checksum"], entry["dataFileS3Key"]
            if type(count) is not int or count < 0 or not md5 or not data_key:
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise JobFailure(f"Line {number} of {manifest} is not a manifest entry") from None
        entries.append((count, md5, data_key))
    listed = sum(count for count, _, _ in entries)
    if listed != expected_items:
        raise JobFailure(f"The manifest lists {listed} items but the export has {expected_items}")
    # AWS's own examples leave the S3 prefix out of the keys, its files have it: both are taken.
    prefix = key[: max(0, key.rfind("AWSDynamoDB/"))]
    return [_data_file(bucket, prefix, *entry) for entry in entries]


def _data_file(bucket: str, prefix: str, items: int, md5: str, data_key: str) -> DataFile:
    for key in (data_key, prefix + data_key):
        size = s3.size_of(bucket, key)
        if size is not None:
            return DataFile(bucket, key, md5, items, size)
    raise JobFailure(f"Data file {data_key} of the export is missing")


def read_records(file: DataFile, as_of: int | None, changes: bool) -> Iterator[Record | None]:
    """
    The records of a data file, whose MD5 is verified first; None for a line that is none.
    `as_of`: the time that records of a full export get, microseconds since 1970.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.json.gz")
        md5 = s3.download(file.bucket, file.key, path)
        if base64.b64encode(bytes.fromhex(md5)).decode() != file.md5:
            raise JobFailure(f"Data file s3://{file.bucket}/{file.key} does not have the MD5 of the manifest")
        if file.size == 0:
            return
        number = 0
        try:
            with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        document = json.loads(line)
                        yield _change(document) if changes else _item(document, as_of)
        except gzip.BadGzipFile:
            raise JobFailure(f"Data file {file.key} is not compressed by gzip") from None
        except (ValueError, EOFError, zlib.error):
            problem = "is not DynamoDB JSON lines, or is cut off"
            raise JobFailure(f"Data file {file.key} {problem}: see about line {number + 1}") from None


def _item(document: Any, as_of: int | None) -> Record | None:
    item = document.get("Item") if isinstance(document, dict) else None
    return Record(item, item, as_of) if isinstance(item, dict) else None


def _change(document: Any) -> Record | None:
    """`{"Metadata": {"WriteTimestampMicros": …}, "Keys": {…}, "NewImage": {…}}`, the time bare or as {"N": "…"}."""
    if not isinstance(document, dict) or not isinstance(document.get("Keys"), dict):
        return None
    time = (document.get("Metadata") or {}).get("WriteTimestampMicros")
    text = time.get("N") if isinstance(time, dict) else time
    try:
        return Record(document.get("NewImage"), document["Keys"], int(text))
    except (TypeError, ValueError):
        return None
