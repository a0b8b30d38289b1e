"""The lake's tables in the Glue catalog."""

import re
from typing import Any, Sequence

import boto3

_HIVE = "org.apache.hadoop.hive.ql.io.parquet"


def catalog_dataset(
    database: str, table: str, location: str, columns: Sequence[tuple[str, str]], rows: int, run_key: str
) -> None:
    """Creates or updates the catalog table of a Parquet dataset, and the database when it is not there."""
    glue = boto3.client("glue")
    definition: dict[str, Any] = {
        "Name": re.sub(r"[^a-z0-9_]", "_", table.lower()),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "compressionType": "snappy",
            "recordCount": str(rows),
            "sluice.run_key": run_key,
        },
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": kind} for name, kind in columns],
            "Location": location,
            "InputFormat": f"{_HIVE}.MapredParquetInputFormat",
            "OutputFormat": f"{_HIVE}.MapredParquetOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": f"{_HIVE}.serde.ParquetHiveSerDe",
                "Parameters": {"serialization.format": "1"},
            },
        },
    }
    try:
        glue.update_table(DatabaseName=database, TableInput=definition)
        return
    except glue.exceptions.EntityNotFoundException:
        pass
    try:
        glue.create_database(DatabaseInput={"Name": database})
    except glue.exceptions.AlreadyExistsException:
        pass
    glue.create_table(DatabaseName=database, TableInput=definition)
