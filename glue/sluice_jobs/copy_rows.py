"""How staged Parquet files come into a table: all in which Redshift and PostgreSQL differ."""

import json
import os
import tempfile
from typing import Any, Sequence

import pyarrow.parquet as pq

from . import s3
from .landing_values import plain_text
from .parquet_files import StoredFile


def lock_sql(engine: str, table: str) -> str:
    """Keeps other writers out until the transaction ends. Redshift's LOCK knows one mode, and no name for it."""
    return f"LOCK TABLE {table}" if engine == "redshift" else f"LOCK TABLE {table} IN EXCLUSIVE MODE"


def copy_redshift(statement: Any, table: str, columns: str, files: Sequence[StoredFile], role: str) -> None:
    """
    COPY of exactly these files, by a manifest beside them. The length in `meta` is required of columnar files:
    https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
    """
    first = files[0]
    manifest = f"{first.key.rpartition('/')[0]}/manifest.json"
    entries = [
        {"url": f"s3://{file.bucket}/{file.key}", "mandatory": True, "meta": {"content_length": file.bytes}}
        for file in files
    ]
    s3.put_json(first.bucket, manifest, json.dumps({"entries": entries}))
    statement.execute(copy_sql(table, columns, f"s3://{first.bucket}/{manifest}", role))


def copy_sql(table: str, columns: str, manifest: str, role: str) -> str:
    """The COPY of a manifest of Parquet files. `role`: the ARN of a role of the warehouse, or `default`."""
    granted = "IAM_ROLE default" if role == "default" else f"IAM_ROLE {_literal(role)}"
    return f"COPY {table} ({columns}) FROM {_literal(manifest)} {granted} FORMAT AS PARQUET MANIFEST"


def copy_postgresql(connection: Any, jvm: Any, table: str, columns: str, files: Sequence[StoredFile]) -> None:
    """COPY FROM STDIN through the driver's own API: NULL is empty, an empty text is quoted."""
    manager = jvm.org.postgresql.copy.CopyManager(connection)
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rows.csv")
            _write_csv(file, path)
            stream = jvm.java.io.FileInputStream(path)
            try:
                manager.copyIn(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)", stream)
            finally:
                stream.close()


def _write_csv(file: StoredFile, path: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as lines:
        parquet = pq.ParquetFile(s3.open_parquet(file.bucket, file.key, file.bytes))
        for batch in parquet.iter_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns)):
                lines.write(",".join(_csv(plain_text(value)) for value in row) + "\n")


def _csv(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
