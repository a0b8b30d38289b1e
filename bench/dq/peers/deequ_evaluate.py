"""The DQDL engine of deequ on a local Spark, with all cores."""

import contestant


def open_and_evaluate(task):
    from pyspark.sql import DataFrame, SparkSession

    jars = task["jars"]
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.driver.extraClassPath", ":".join(jars))
        .config("spark.driver.memory", "6g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        # As many as cores: with the default, 200, each of its groupings takes longer.
        .config("spark.sql.shuffle.partitions", str(task["cores"]))
        .getOrCreate()
    )
    engine = spark._jvm.com.amazon.deequ.dqdl.EvaluateDataQuality
    positions = {rule: at for at, rule in enumerate(task["rules"])}

    def evaluate():
        frame = spark.read.parquet(task["file"])
        # The open-source engine takes the table's name in CustomSql for that of a view.
        frame.createOrReplaceTempView("primary")
        rows = DataFrame(engine.process(frame._jdf, task["ruleset"]), spark).collect()
        if len(rows) != len(positions):
            raise SystemExit(f"{len(rows)} outcomes of {len(positions)} rules")
        return [
            [positions[row["Rule"]], row["Outcome"] == "Passed", next(iter((row["EvaluatedMetrics"] or {}).values()), None)]
            for row in rows
        ]

    return evaluate(), evaluate


contestant.run(open_and_evaluate)
