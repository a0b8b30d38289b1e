"""Rows that fail a data quality ruleset, told apart by AWS Glue Data Quality within the job."""

from typing import Any

import boto3
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from .failures import JobFailure

#: Column with the rules that a row fails; the name is Glue's.
REASONS = "DataQualityRulesFail"


def read_ruleset(name: str) -> str:
    """DQDL of a ruleset."""
    glue = boto3.client("glue")
    try:
        return str(glue.get_data_quality_ruleset(Name=name)["Ruleset"])
    except glue.exceptions.EntityNotFoundException:
        raise JobFailure(f"There is no ruleset named {name} to hold rows back by") from None


def split(frame: DataFrame, name: str) -> tuple[DataFrame, DataFrame]:
    """The rows that fail no rule of a ruleset on rows, and those that fail one, these with the column of REASONS."""
    outcomes = _row_outcomes(frame, read_ruleset(name), name)
    types = dict(frame.dtypes)
    columns = [F.col(f"`{column}`").cast(types[column]).alias(column) for column in frame.columns]
    told = outcomes.select(*columns, F.coalesce(F.col(REASONS), F.array().cast("array<string>")).alias(REASONS))
    bad = F.size(REASONS) > 0
    return told.where(~bad).drop(REASONS), told.where(bad)


def _row_outcomes(frame: DataFrame, ruleset: str, name: str) -> DataFrame:
    """https://docs.aws.amazon.com/glue/latest/dg/data-quality-gs-studio.html, row-level outcomes"""
    try:
        from awsglue.context import GlueContext
        from awsglue.dynamicframe import DynamicFrame
        from awsglue.transforms import SelectFromCollection
        from awsgluedq.transforms import EvaluateDataQuality
    except ImportError:
        raise JobFailure("AWS Glue Data Quality is missing: rows can be held back on AWS Glue only") from None
    glue_context: Any = GlueContext(frame.sparkSession.sparkContext)
    # Dynamic frames know no timestamps without a zone; the session's zone is UTC.
    zoned = [
        F.col(f"`{column}`").cast("timestamp" if kind == "timestamp_ntz" else kind) for column, kind in frame.dtypes
    ]
    named = frame.select(*(value.alias(column) for value, column in zip(zoned, frame.columns)))
    evaluated = EvaluateDataQuality().process_rows(
        frame=DynamicFrame.fromDF(named, glue_context, "lake"),
        ruleset=ruleset,
        publishing_options={
            "dataQualityEvaluationContext": name,
            "enableDataQualityCloudWatchMetrics": False,
            "enableDataQualityResultsPublishing": False,
        },
        additional_options={"performanceTuning.caching": "CACHE_NOTHING"},
    )
    outcomes: DataFrame = SelectFromCollection.apply(dfc=evaluated, key="rowLevelOutcomes").toDF()
    return outcomes
