"""How the scripts start and end."""

import sys
from typing import Callable

from .arguments import Arguments
from .failures import JobFailure, as_job_failure


def main(run: Callable[[Arguments], None]) -> None:
    """Runs a job on the command line's arguments. What it raises is told without row data, and ends the run FAILED."""
    failure: JobFailure | None = None
    try:
        run(Arguments.of_command_line(sys.argv))
    except Exception as error:
        failure = as_job_failure(error)
    if failure is not None:
        raise failure from None
