"""The warehouse behind a Glue connection."""

import json
import re
from typing import Any, NamedTuple

import boto3

from .failures import JobFailure


class Connection(NamedTuple):
    """Where the warehouse is, and who asks."""

    #: `redshift` or `postgresql`; the latter is the local Redshift's.
    engine: str
    url: str
    properties: dict[str, str]


def read_connection(name: str, database: str) -> Connection:
    """Reads a Glue connection of type JDBC; its user and password stand in it or in the secret that it names."""
    glue = boto3.client("glue")
    try:
        given = glue.get_connection(Name=name)["Connection"]["ConnectionProperties"]
    except glue.exceptions.EntityNotFoundException:
        raise JobFailure(f"There is no Glue connection named {name}") from None
    url = given.get("JDBC_CONNECTION_URL", "")
    match = re.match(r"jdbc:(redshift|postgresql)://([^/?]+)", url)
    if match is None:
        raise JobFailure(f"Glue connection {name} has no JDBC URL of Redshift")
    properties = {"ApplicationName": "sluice land", **_login(given)}
    if given.get("JDBC_ENFORCE_SSL", "false").lower() == "true":
        properties["ssl"] = "true"
    return Connection(match.group(1), f"jdbc:{match.group(1)}://{match.group(2)}/{database}", properties)


def _login(given: dict[str, Any]) -> dict[str, str]:
    if "SECRET_ID" in given:
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=given["SECRET_ID"])
        held = json.loads(secret["SecretString"])
        return {"user": held["username"], "password": held["password"]}
    login = {"user": given.get("USERNAME"), "password": given.get("PASSWORD")}
    return {name: value for name, value in login.items() if value is not None}
