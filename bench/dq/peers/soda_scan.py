"""Soda Core over the Parquet file as a view of DuckDB, as its documentation connects one."""

import contextlib
import io

import contestant


def check(rule):
    lines = [*rule.get("settings", []), f"name: rule {rule['at']}"]
    return f"  - {rule['check']}:\n" + "".join(f"      {line}\n" for line in lines)


def open_and_evaluate(task):
    import duckdb
    from soda.scan import Scan

    connection = duckdb.connect(":memory:")
    connection.execute(f"CREATE VIEW trips AS SELECT * FROM '{task['file']}'")
    checks = "checks for trips:\n" + "".join(map(check, task["rules"]))

    def evaluate():
        scan = Scan()
        scan.disable_telemetry()
        scan.add_duckdb_connection(connection)
        scan.set_data_source_name("duckdb")
        scan.add_sodacl_yaml_str(checks)
        with contextlib.redirect_stdout(io.StringIO()):
            scan.execute()
        scan.assert_no_error_logs()
        found = scan.get_scan_results()["checks"]
        if len(found) != len(task["rules"]):
            raise SystemExit(f"{len(found)} checks of {len(task['rules'])}")
        return [
            [int(one["name"].removeprefix("rule ")), one["outcome"] == "pass", one["diagnostics"].get("value")]
            for one in found
        ]

    return evaluate(), evaluate


contestant.run(open_and_evaluate)
