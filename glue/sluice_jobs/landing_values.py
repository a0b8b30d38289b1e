"""Texts of the lake's values, as DuckDB and Spark agree on them: what landing columns are cast from."""

import base64
import datetime
import json
from decimal import Decimal
from typing import Any


def plain_text(value: Any) -> str | None:
    """A lake value as text: binary as base64, lists and structs as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return _time_text(value)
    if isinstance(value, (list, dict)):
        return json_text(value)
    return str(value)


def json_text(value: Any) -> str:
    """A lake value as JSON without blanks: numbers with all their digits, binary in the escapes of a bytea."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return f"[{','.join(json_text(one) for one in value)}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{json_text(one)}" for name, one in value.items()) + "}"
    if isinstance(value, bytes):
        return _quoted("".join(chr(byte) if _plain(byte) else f"\\x{byte:02X}" for byte in value))
    if isinstance(value, (datetime.date, datetime.datetime)):
        return _quoted(plain_text(value) or "")
    return _quoted(value)


def _plain(byte: int) -> bool:
    return 32 <= byte < 127 and chr(byte) not in "\\\"'"


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _time_text(time: datetime.datetime) -> str:
    fraction = f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    return f"{time.year:04d}-{time:%m-%d %H:%M:%S}{fraction}"
