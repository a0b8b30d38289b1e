"""Great Expectations over a data frame of pandas, as its documentation connects a Parquet file."""

import os

import contestant

os.environ["GX_ANALYTICS_ENABLED"] = "false"


def open_and_evaluate(task):
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import pandas

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("files").add_dataframe_asset("trips")
    definition = asset.add_batch_definition_whole_dataframe("all")
    suite = gx.ExpectationSuite(name="trips")
    for rule in task["rules"]:
        suite.add_expectation(getattr(gxe, rule["expectation"])(**rule["arguments"], meta={"at": rule["at"]}))

    def evaluate():
        # Each evaluation reads the file, as those of the others do.
        batch = definition.get_batch({"dataframe": pandas.read_parquet(task["file"])})
        outcome = batch.validate(suite, result_format="BASIC")
        results = []
        for one in outcome.results:
            result = one.result
            value = result.get("observed_value", result.get("unexpected_count"))
            results.append([one.expectation_config.meta["at"], bool(one.success), None if value is None else float(value)])
        return results

    return evaluate(), evaluate


contestant.run(open_and_evaluate)
