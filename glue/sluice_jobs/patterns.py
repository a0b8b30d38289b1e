"""RE2 expressions, evaluated by the RE2 that Arrow carries: Python's and Java's own differ in syntax and in meaning."""

from typing import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from .failures import JobFailure


def _anchored(pattern: str) -> str:
    return f"(?s)^(?:{pattern})$"


def matches(pattern: str, texts: Sequence[str | None]) -> list[bool]:
    """Whether each text matches as a whole; `.` takes line breaks."""
    found = pc.match_substring_regex(pa.array(texts, pa.string()), pattern=_anchored(pattern))
    return [bool(match) for match in found.to_pylist()]


def key_parts(pattern: str, texts: Sequence[str | None]) -> list[str | None]:
    """The pattern's group in each text, None where the text does not match as a whole."""
    array = pa.array(texts, pa.string())
    parts = pc.replace_substring_regex(array, pattern=_anchored(pattern), replacement=r"\1", max_replacements=1)
    return [part if match else None for part, match in zip(parts.to_pylist(), matches(pattern, texts))]


def check_patterns(patterns: Sequence[str], needs_group: bool) -> None:
    """Tries the patterns of a spec before data is read, so that a wrong one is told by itself."""
    for pattern in patterns:
        try:
            (key_parts if needs_group else matches)(pattern, [""])
        except pa.ArrowInvalid:
            raise JobFailure(
                f"Pattern {pattern} is not an RE2 expression{' with a group' if needs_group else ''}"
            ) from None
