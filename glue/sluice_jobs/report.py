"""What a job writes to --report_uri."""

from typing import Any, Mapping

from . import s3
from .arguments import S3Location
from .lake_column import compact_json


def write_report(at: S3Location, report: Mapping[str, Any]) -> None:
    """Writes the report, replacing that of an earlier attempt."""
    s3.put_json(at.bucket, at.key, compact_json(report))


def summarize_rejects(report: Mapping[str, Any], at: S3Location) -> str:
    """One sentence on the rejects for the run's ErrorMessage: attributes, counts, where the report is; no row data."""
    reasons = report["rejected"]["reasons"]
    told = [_told(reason) for reason in reasons[:5]]
    rest = f"; and {len(reasons) - 5} more" if len(reasons) > 5 else ""
    counts = f"{report['rejected']['items']} of {report['itemsRead']} items do not fit the model"
    return f"{counts}: {'; '.join(told)}{rest}. Sample keys: {at}"


def _told(reason: Mapping[str, Any]) -> str:
    if reason["itemType"] is None:
        return f"{reason['items']} of no known item type"
    what = f"{reason['itemType']}.{reason['attribute']}"
    return f"{what} expected {reason['expected']}, found {reason['found']} ({reason['items']})"
