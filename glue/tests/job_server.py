"""
Runs Glue scripts on one Spark session, so that it starts once: a JSON line {"script", "arguments"} in, a JSON line
{"error"} out, null for a run that succeeded.
"""

import json
import os
import runpy
import sys
from pathlib import Path

from pyspark.sql import SparkSession

GLUE = Path(__file__).resolve().parent.parent


def serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Spark prints is not an answer
    settings = {
        "spark.master": "local[2]",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        # Jobs of seconds: the optimizing compiler takes more CPU than it saves.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.python.daemon.module": "spark_daemon",
        **json.loads(os.environ.get("SPARK_SETTINGS", "{}")),
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    print(json.dumps({"ready": spark.version}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        words = [word for pair in request["arguments"].items() for word in pair]
        sys.argv = [request["script"], *words]
        error = None
        try:
            runpy.run_path(str(GLUE / request["script"]), run_name="__main__")
        except Exception as failure:
            error = str(failure)
        spark.catalog.clearCache()
        print(json.dumps({"error": error}), file=answers, flush=True)
    spark.stop()


serve()
