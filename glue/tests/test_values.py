"""Values and patterns, without Spark: what the parity test cannot show for each by itself."""

import datetime
from decimal import Decimal

import pytest
from sluice_jobs.exact_cast import exact_cast
from sluice_jobs.failures import JobFailure
from sluice_jobs.items import canonical_number
from sluice_jobs.landing_values import json_text, plain_text
from sluice_jobs.patterns import check_patterns, key_parts, matches

CASES = [
    ("bigint", "1.5E+3", 1500),
    ("bigint", "100E-2", 1),
    ("bigint", "9223372036854775808", None),
    ("bigint", "-9223372036854775808", -(2**63)),
    ("bigint", " 5", None),
    ("bigint", "١", None),
    ("integer", "1E10", None),
    ("decimal(10,2)", "12.505", None),
    ("decimal(10,2)", "123456789E-2", Decimal("1234567.89")),
    ("decimal(38,0)", "9" * 38, Decimal("9" * 38)),
    ("decimal(38,0)", "1E38", None),
    ("decimal(38,10)", "1234567890123456789012345678.0123456789", Decimal("1234567890123456789012345678.0123456789")),
    ("decimal(39,0)", "1", "no such type"),
    ("double", "0.12345678901234567890", None),
    ("double", "1E-130", 1e-130),
    ("double", "1e400", None),
    ("double", "1e-400", None),
    ("double", "nan", None),
    ("boolean", "True", None),
    ("binary", "AAH/", b"\x00\x01\xff"),
    ("binary", "AAH", None),
    ("varchar(4)", "👍", "👍"),
    ("varchar(3)", "👍", None),
    ("varchar(9)", "a\0b", None),
    ("date", "2026-03-01T02:00+02:00", datetime.date(2026, 3, 1)),
    ("date", "2026-03-01T02:00", None),
    ("timestamp", "0001-01-01T00:00:00+00:01", None),
    ("timestamp", "2026-03-01T10:00:00.1234567", None),
    ("timestamp", "2026-03-01t10:00z", datetime.datetime(2026, 3, 1, 10)),
]


@pytest.mark.parametrize("kind, text, value", CASES)
def test_casts_lose_nothing(kind, text, value):
    cast = exact_cast(kind)
    assert (cast.cast(text) if cast is not None else "no such type") == value


def test_patterns_are_re2():
    assert matches("a|ab", ["ab", "abc", None, "a\n"]) == [True, False, False, False]
    assert matches(r"\w+", ["é"]) == [False]
    assert key_parts("CUST#(.*)", ["CUST#a\nb", "CUST#", "cust#", None]) == ["a\nb", "", None, None]
    check_patterns([r"\pL+"], False)
    for pattern, group in [("(?=a)", False), ("a", True)]:
        with pytest.raises(JobFailure, match="not an RE2 expression"):
            check_patterns([pattern], group)


@pytest.mark.parametrize(
    "text, canonical",
    [("1.50", "1.5"), ("15E-1", "1.5"), ("-0", "0"), ("1E3", "1000"), ("0.050", "0.05"), ("-12E-3", "-0.012")],
)
def test_equal_numbers_are_the_same_key(text, canonical):
    assert canonical_number(text) == canonical
    digits = "12345678901234567890123456789012345678"
    assert canonical_number(digits) == digits


def test_texts_of_lake_values():
    assert plain_text(Decimal("1E+2")) == "100"
    assert plain_text(datetime.datetime(26, 3, 1, 0, 0, 0, 120_000)) == "0026-03-01 00:00:00.12"
    row = {"a": Decimal("0.10"), "b": [None, {"c": b"\x00a'"}], "d": "é\n", "e": True}
    assert json_text(row) == '{"a":0.10,"b":[null,{"c":"\\\\x00a\\\\x27"}],"d":"é\\n","e":true}'
