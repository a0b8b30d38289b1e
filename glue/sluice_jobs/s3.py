"""Objects of S3, through boto3 on the driver and on executors alike."""

import functools
import hashlib
import os
import tempfile
from typing import Any, Iterator, NamedTuple

import boto3
import pyarrow as pa
from botocore.exceptions import ClientError


class Stored(NamedTuple):
    """An object that stands under a prefix."""

    key: str
    size: int


@functools.cache
def client() -> Any:
    """The process's client; region, endpoint and credentials are those of its environment."""
    return boto3.client("s3")


def size_of(bucket: str, key: str) -> int | None:
    """Bytes of an object, None when there is none."""
    try:
        return int(client().head_object(Bucket=bucket, Key=key)["ContentLength"])
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return None
        raise


def read_text(bucket: str, key: str) -> str:
    """An object's content as UTF-8."""
    return str(client().get_object(Bucket=bucket, Key=key)["Body"].read().decode())


def put_json(bucket: str, key: str, text: str) -> None:
    """Puts a JSON document and a line break."""
    client().put_object(Bucket=bucket, Key=key, Body=f"{text}\n".encode(), ContentType="application/json")


def list_objects(bucket: str, prefix: str) -> Iterator[Stored]:
    """The objects under a prefix, by key."""
    for page in client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            yield Stored(found["Key"], found["Size"])


def delete(bucket: str, keys: list[str]) -> None:
    """Deletes objects; one that is not there is no error."""
    for key in keys:
        client().delete_object(Bucket=bucket, Key=key)


def delete_others(bucket: str, prefix: str, keep: set[str]) -> None:
    """Deletes every object under `prefix` but those in `keep`."""
    delete(bucket, [key for key, _ in list_objects(bucket, prefix) if key not in keep])


def download(bucket: str, key: str, path: str) -> str:
    """Copies an object to a local file, and gives the MD5 of its bytes in hex."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "wb") as file:
        for part in client().get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def upload(path: str, bucket: str, key: str) -> int:
    """Copies a local Parquet file to S3, in parts when it is large, and gives its size in bytes."""
    kind = {"ContentType": "application/vnd.apache.parquet"}
    client().upload_file(path, bucket, key, ExtraArgs=kind)
    return os.path.getsize(path)


class RangeReader:
    """An object as a file that Arrow can seek in: for a Parquet footer, only that is read."""

    closed = False

    def __init__(self, bucket: str, key: str, size: int):
        self._at = {"Bucket": bucket, "Key": key}
        self._size = size
        self._position = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def size(self) -> int:
        return self._size

    def read(self, count: int = -1) -> bytes:
        end = self._size if count < 0 else min(self._size, self._position + count)
        if end <= self._position:
            return b""
        part = client().get_object(**self._at, Range=f"bytes={self._position}-{end - 1}")["Body"].read()
        self._position = end
        return bytes(part)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


def open_parquet(bucket: str, key: str, size: int) -> pa.PythonFile:
    """An object as an Arrow file."""
    return pa.PythonFile(RangeReader(bucket, key, size), mode="r")


def spark_paths(bucket: str, keys: list[str], folder: str) -> list[str]:
    """
    Paths at which Spark reads objects: Glue's Spark knows s3://. Spark without Hadoop's S3 client, as on a laptop with
    AWS_ENDPOINT_URL, reads copies in `folder`.
    """
    if "AWS_ENDPOINT_URL" not in os.environ:
        return [f"s3://{bucket}/{key}" for key in keys]
    paths = []
    for key in keys:
        file, path = tempfile.mkstemp(".parquet", dir=folder)
        os.close(file)
        download(bucket, key, path)
        paths.append(f"file://{path}")
    return paths
