"""Landing tables replaced in the warehouse, each in one transaction, over the JDBC driver that Glue brings."""

from typing import Any, Mapping, NamedTuple, Sequence

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.sql import SparkSession

from .connection import Connection
from .copy_rows import copy_postgresql, copy_redshift, lock_sql
from .failures import JobFailure
from .parquet_files import StoredFile

_HINTS = {
    "42P01": "a table is missing: run the set-up statements of the plan first",
    "42703": "a column is missing: the warehouse has another version of the model",
    "3D000": "the database does not exist",
    "28P01": "the password of the connection is wrong",
    "28000": "user or password of the connection are wrong",
    "53100": "the disk is full",
    "53300": "it has too many connections",
    "57P01": "it was shut down",
    "57P03": "it is starting or shutting down",
}


class Watermark(NamedTuple):
    """What sluice.watermarks is to say of a target: the lake has all that was written to the table before a time."""

    pipeline: str
    #: ISO 8601, UTC.
    loaded_to: str
    table_id: str


class Load(NamedTuple):
    """The rows that a landing table is to hold."""

    spec: Mapping[str, Any]
    run_key: str
    files: Sequence[StoredFile]
    rows: int
    watermark: Watermark | None


def quote(name: str) -> str:
    """An identifier for Redshift and PostgreSQL."""
    return '"' + name.replace('"', '""') + '"'


class Warehouse:
    """A connection to the warehouse. `copy_role`: the role by which Redshift reads staged files, ARN or `default`."""

    def __init__(self, spark: SparkSession, connection: Connection, copy_role: str):
        self._jvm: Any = spark.sparkContext._jvm
        self._engine = connection.engine
        self._role = copy_role
        driver = self._jvm.com.amazon.redshift.Driver if self._engine == "redshift" else self._jvm.org.postgresql.Driver
        properties = self._jvm.java.util.Properties()
        for name, value in connection.properties.items():
            properties.setProperty(name, value)
        try:
            self._connection = driver().connect(connection.url, properties)
            self._connection.setAutoCommit(False)
        except Py4JJavaError as error:
            raise _failure(error, "the landing tables") from None

    def replace(self, load: Load) -> None:
        """
        Replaces all rows of the landing table, the entity's row in sluice.landing_loads and its watermark, in one
        transaction. Raises JobFailure with the SQLSTATE when the warehouse refuses; nothing is changed then.
        """
        try:
            self._replace(load)
            self._connection.commit()
        except Exception as error:
            self._connection.rollback()
            raise (_failure(error, load.spec["target"]) if isinstance(error, Py4JJavaError) else error) from None

    def _replace(self, load: Load) -> None:
        target = ".".join(quote(part) for part in load.spec["target"].split("."))
        columns = ", ".join(quote(column["name"]) for column in load.spec["columns"])
        statement = self._connection.createStatement()
        # Two loads of one table in turn: neither DELETE would see the rows of the other.
        statement.execute(lock_sql(self._engine, target))
        statement.execute(f"DELETE FROM {target}")
        if load.rows > 0:
            if self._engine == "redshift":
                copy_redshift(statement, target, columns, load.files, self._role)
            else:
                copy_postgresql(self._connection, self._jvm, target, columns, load.files)
        counted = statement.executeQuery(f"SELECT count(*) FROM {target}")
        counted.next()
        if counted.getLong(1) != load.rows:
            raise JobFailure(f"{load.spec['target']} holds {counted.getLong(1)} rows after loading {load.rows}")
        self._update("DELETE FROM sluice.landing_loads WHERE entity = ?", load.spec["entity"])
        loads = "INSERT INTO sluice.landing_loads (entity, run_key, row_count) VALUES (?, ?, CAST(? AS bigint))"
        self._update(loads, load.spec["entity"], load.run_key, str(load.rows))
        if load.watermark is not None:
            pipeline, loaded_to, table_id = load.watermark
            self._update(
                "DELETE FROM sluice.watermarks WHERE pipeline = ? AND target = ?", pipeline, load.spec["target"]
            )
            self._update(
                "INSERT INTO sluice.watermarks (pipeline, target, run_key, loaded_to, table_id) "
                "VALUES (?, ?, ?, CAST(? AS timestamp), ?)",
                *(pipeline, load.spec["target"], load.run_key, loaded_to.replace("T", " ").removesuffix("Z"), table_id),
            )

    def _update(self, sql: str, *values: str) -> None:
        prepared = self._connection.prepareStatement(sql)
        for place, value in enumerate(values, 1):
            prepared.setString(place, value)
        prepared.executeUpdate()
        prepared.close()

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def _failure(error: Py4JJavaError, target: str) -> JobFailure:
    """The drivers' messages quote values, so only the SQLSTATE is told."""
    try:
        state = error.java_exception.getSQLState()
    except Py4JError:  # the exception is none of SQL
        state = None
    if state is not None and state.startswith("08"):
        return JobFailure(f"The warehouse cannot be reached (SQLSTATE {state})")
    hint = _HINTS.get(state or "", f"see SQLSTATE {state or 'unknown'}")
    return JobFailure(f"The warehouse refused to replace {target} (SQLSTATE {state or 'unknown'}): {hint}")
