"""How jobs fail: with a message that says what to do, and never with row data."""

import re
from typing import Callable, Iterator

_MARK = "sluice-job-failure: "


class JobFailure(Exception):
    """Ends a run for a reason that its user can act on. Its message becomes ErrorMessage: no row data in it."""


def guarded(step: str, work: Callable[[Iterator], Iterator]) -> Callable[[Iterator], Iterator]:
    """Wraps a function over partitions so that what it raises on an executor reaches the driver without row data."""

    def run(batches: Iterator) -> Iterator:
        try:
            yield from work(batches)
        except JobFailure as failure:
            raise RuntimeError(f"{_MARK}{failure}\n") from None
        except Exception as error:
            raise RuntimeError(
                f"{_MARK}{step} failed with {type(error).__name__}; its message may quote data\n"
            ) from None

    return run


def as_job_failure(error: BaseException) -> JobFailure:
    """The failure to tell of, without messages of Spark, Python and the warehouse: they quote what they stumble over."""
    if isinstance(error, JobFailure):
        return error
    marked = re.search(f"{re.escape(_MARK)}(.+)", str(error))
    if marked is not None:
        return JobFailure(marked.group(1).strip())
    code = getattr(error, "response", {}).get("Error", {}).get("Code")
    if code is not None:
        return JobFailure(f"AWS answered {code} to {getattr(error, 'operation_name', 'a call')}")
    return JobFailure(f"The job failed with an unexpected {type(error).__name__}")
