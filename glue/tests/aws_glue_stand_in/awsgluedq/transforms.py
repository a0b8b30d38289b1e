"""https://docs.aws.amazon.com/glue/latest/dg/data-quality-gs-studio.html"""

import re

from awsglue.dynamicframe import DynamicFrame
from pyspark.sql import functions as F


class EvaluateDataQuality:
    def process_rows(self, frame, ruleset, publishing_options, additional_options):
        checks = []
        for number, rule in enumerate(re.findall(r'IsComplete "\w+"|ColumnLength "\w+" < \d+', ruleset), 1):
            kind, column, *limit = rule.replace('"', "").replace("<", "").split()
            holds = F.col(column).isNotNull() if kind == "IsComplete" else F.length(column) < int(limit[0])
            checks.append(F.when(~F.coalesce(holds, F.lit(False)), F.lit(f"Rule_{number}")))
        failed = F.filter(F.array(*checks), lambda name: name.isNotNull())
        rows = frame.toDF().withColumn("DataQualityRulesFail", failed)
        outcome = F.when(F.size("DataQualityRulesFail") > 0, "Failed").otherwise("Passed")
        rows = rows.withColumn("DataQualityEvaluationResult", outcome)
        return {"rowLevelOutcomes": DynamicFrame(rows)}
