"""Reads the arguments of a run. Everything raises JobFailure for what is missing or malformed."""

import datetime
import hashlib
import json
import re
from typing import Any, Mapping, NamedTuple, Sequence

from .failures import JobFailure


class S3Location(NamedTuple):
    """Bucket and key, or prefix, of an s3:// URI."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def parse_s3_uri(uri: str, argument: str) -> S3Location:
    """Bucket and key of s3://bucket/key."""
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", uri, re.DOTALL)
    if match is None:
        raise JobFailure(f"Argument {argument} is not an S3 URI of the form s3://bucket/key")
    return S3Location(match.group(1), match.group(2))


def run_hash(run_key: str) -> str:
    """First 16 hex characters of the SHA-256 of the run key: the name of a run's files in the lake."""
    return hashlib.sha256(run_key.encode()).hexdigest()[:16]


def is_utc(text: Any) -> bool:
    """Whether a text is a time in UTC such as 2026-03-01T00:00:00Z, with up to 6 decimals."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", text, re.ASCII):
        return False
    try:
        datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return True


def utc_micros(iso: str) -> int:
    """Microseconds since 1970 of a time in UTC in ISO 8601."""
    seconds, _, fraction = iso.removesuffix("Z").partition(".")
    since = datetime.datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S") - datetime.datetime(1970, 1, 1)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + int(fraction.ljust(6, "0") or 0)


class Arguments:
    """The job's arguments; names carry their leading `--`. Glue adds arguments of its own, which are passed over."""

    def __init__(self, values: Mapping[str, str]):
        self._values = values

    @classmethod
    def of_command_line(cls, argv: Sequence[str]) -> "Arguments":
        """Takes `--name value` pairs, and `--name=value`."""
        values: dict[str, str] = {}
        words = list(argv[1:])
        while words:
            name = words.pop(0)
            if not name.startswith("--"):
                continue
            if "=" in name:
                name, _, value = name.partition("=")
                values[name] = value
            elif words and not words[0].startswith("--"):
                values[name] = words.pop(0)
        return cls(values)

    def optional(self, name: str) -> str | None:
        """A text, or None when the argument is not given."""
        return self.text(name) if name in self._values else None

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._values.get(name, "")
        if value == "":
            raise JobFailure(f"Argument {name} is missing")
        return value

    def time(self, name: str) -> str:
        """A time in UTC in ISO 8601, such as 2026-03-01T00:00:00Z."""
        value = self.text(name)
        if not is_utc(value):
            raise JobFailure(f"Argument {name} is not a time in UTC, such as 2026-03-01T00:00:00Z")
        return value

    def count(self, name: str) -> int:
        """A whole number of at least 0."""
        value = self.text(name)
        if not re.fullmatch(r"[0-9]{1,15}", value):
            raise JobFailure(f"Argument {name} is not a whole number")
        return int(value)

    def uri(self, name: str) -> S3Location:
        """An s3:// URI."""
        return parse_s3_uri(self.text(name), name)

    def folder(self, name: str) -> S3Location:
        """A table's folder, whose key ends with `/`: a job can never clear a whole bucket or a neighbour."""
        location = self.uri(name)
        if not location.key.endswith("/") or location.key.startswith("/"):
            raise JobFailure(f"Argument {name} must name a folder: s3://bucket/<table>/")
        return location

    def json(self, name: str) -> Any:
        """A JSON document."""
        try:
            return json.loads(self.text(name))
        except ValueError:
            raise JobFailure(f"Argument {name} is not JSON") from None
