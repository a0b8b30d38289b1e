"""
Texts turned into typed values without losing anything. Each cast gives None when the text is not exactly a value of the
type: never a rounded, cut off or overflowing one.
"""

import base64
import binascii
import datetime
import functools
import re
from decimal import Decimal
from typing import Any, Callable, NamedTuple

import pyarrow as pa

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-[0-9]{2}-[0-9]{2}")
# Offsets from UTC end at 18 hours (ISO 8601 as java.time reads it).
_TIMESTAMP = re.compile(
    rf"({_DATE.pattern})([Tt ](([01][0-9]|2[0-3]):[0-9]{{2}})(:[0-9]{{2}}(\.[0-9]{{1,6}}0*)?)?"
    r"(Z|z|([+-])(0[0-9]|1[0-8]):?([0-5][0-9])?)?)?"
)

Cast = Callable[[str], Any]


class ExactCast(NamedTuple):
    """A type in Arrow and the cast of a text to it."""

    arrow: pa.DataType
    cast: Cast


def _scaled(text: str, precision: int, scale: int) -> int | None:
    """The number times ten to the power of `scale`, when that is whole and has at most `precision` digits."""
    if _NUMBER.fullmatch(text) is None:
        return None
    sign, digits, exponent = Decimal(text).as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    shift = int(exponent) + len(digits) - len(significant) + scale
    if significant == "" or significant.strip("0") == "":
        return 0
    if shift < 0 or len(significant.lstrip("0")) + shift > precision:
        return None
    return (-1 if sign else 1) * int(significant) * 10**shift


def _integer(bits: int) -> Cast:
    limit = 1 << (bits - 1)

    def cast(text: str) -> int | None:
        value = _scaled(text, 20, 0)
        return value if value is not None and -limit <= value < limit else None

    return cast


def _decimal(precision: int, scale: int) -> Cast:
    def cast(text: str) -> Decimal | None:
        value = _scaled(text, precision, scale)
        # By its digits: arithmetic on decimals rounds to the context's 28.
        return None if value is None else Decimal((int(value < 0), tuple(map(int, str(abs(value)))), -scale))

    return cast


def _double(text: str) -> float | None:
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    exact = Decimal(text)
    significant = len(re.sub(r"[-.]|[eE].*", "", text).strip("0"))
    if value in (float("inf"), float("-inf")) or (value == 0 and significant > 0):
        return None
    return value if significant <= 15 or Decimal(repr(value)) == exact else None


def _binary(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _date(text: str) -> datetime.date | None:
    if _DATE.fullmatch(text) is not None:
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            return None
    moment = timestamp(text)
    return moment.date() if moment is not None and moment.time() == datetime.time(0) else None


def timestamp(text: str) -> datetime.datetime | None:
    """ISO 8601 of the years 1 to 9999, in UTC and without a zone; a date is its midnight."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    date, time, seconds, zone = match.group(1), match.group(4), match.group(6), match.group(8)
    try:
        moment = datetime.datetime.fromisoformat(f"{date}T{time or '00:00'}:{(seconds or ':00')[1:3]}")
        fraction = (seconds or "")[4:].rstrip("0").ljust(6, "0")
        moment += datetime.timedelta(microseconds=int(fraction))
        if zone is not None and zone not in "Zz":
            offset = datetime.timedelta(hours=int(match.group(10)), minutes=int(match.group(11) or 0))
            moment -= offset if match.group(9) == "+" else -offset
        return moment
    except (ValueError, OverflowError):
        return None


def _varchar(size: int) -> Cast:
    return lambda text: text if len(text.encode()) <= size and "\0" not in text else None


_FIXED: dict[str, ExactCast] = {
    "tinyint": ExactCast(pa.int8(), _integer(8)),
    "smallint": ExactCast(pa.int16(), _integer(16)),
    "int": ExactCast(pa.int32(), _integer(32)),
    "integer": ExactCast(pa.int32(), _integer(32)),
    "bigint": ExactCast(pa.int64(), _integer(64)),
    "string": ExactCast(pa.string(), lambda text: text),
    "double": ExactCast(pa.float64(), _double),
    "double precision": ExactCast(pa.float64(), _double),
    "boolean": ExactCast(pa.bool_(), {"true": True, "false": False}.get),
    "binary": ExactCast(pa.binary(), _binary),
    "date": ExactCast(pa.date32(), _date),
    "timestamp": ExactCast(pa.timestamp("us"), timestamp),
}


@functools.cache
def exact_cast(name: str) -> ExactCast | None:
    """
    The cast for a scalar lake type (Hive's spelling) or landing type (Redshift's), None for one that is not supported.
    `binary` expects base64, as exports hold it.
    """
    name = name.strip().lower()
    numeric = re.fullmatch(r"(?:decimal|numeric)\(([0-9]+),\s*([0-9]+)\)", name)
    if numeric is not None:
        precision, scale = int(numeric.group(1)), int(numeric.group(2))
        if not (1 <= precision <= 38 and scale <= precision):
            return None
        return ExactCast(pa.decimal128(precision, scale), _decimal(precision, scale))
    varchar = re.fullmatch(r"varchar\(([0-9]+)\)", name)
    if varchar is not None:
        return ExactCast(pa.string(), _varchar(int(varchar.group(1))))
    return _FIXED.get(name)
