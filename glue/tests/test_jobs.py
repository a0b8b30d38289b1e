"""What jobs refuse, say and send, without Spark and AWS."""

import pytest
from sluice_jobs.arguments import Arguments, run_hash, utc_micros
from sluice_jobs.copy_rows import copy_sql, lock_sql
from sluice_jobs.failures import JobFailure, as_job_failure, guarded
from sluice_jobs.items import DELETED, REJECTED, ItemReader, Record
from sluice_jobs.spec import check_lake_spec, check_land_spec

COLUMN = {"name": "pk", "path": ["PK"], "type": "S", "lakeType": "string", "required": True}
KIND = {"name": "thing", "match": [{"attribute": "type", "equals": "thing"}], "columns": [COLUMN]}
LAKE = {"version": 1, "table": "shop", "keys": ["PK"], "itemTypes": [KIND], "onReject": "reject"}
LAND = {
    "version": 1,
    "entity": "thing",
    "itemType": "thing",
    "keyColumns": ["pk"],
    "target": "landing.thing",
    "columns": [{"name": "pk", "type": "varchar(9)", "source": {"kind": "column", "column": "pk"}, "required": False}],
    "onReject": "reject",
}


def test_arguments_of_glue_itself_are_passed_over():
    argv = ["land.py", "--JOB_NAME", "x", "--enable-metrics", "--run_key", "r 1", "--spec={}", "--empty", ""]
    args = Arguments.of_command_line(argv)
    assert (args.text("--run_key"), args.json("--spec"), args.optional("--none")) == ("r 1", {}, None)
    for call in (lambda: args.text("--empty"), lambda: args.time("--run_key"), lambda: args.uri("--run_key")):
        with pytest.raises(JobFailure, match="Argument --"):
            call()
    with pytest.raises(JobFailure, match="must name a folder"):
        Arguments({"--lake_uri": "s3://lake/shop"}).folder("--lake_uri")


def test_times_and_names_of_files():
    assert utc_micros("2026-03-01T00:00:00.25Z") == 1_772_323_200_250_000
    assert run_hash("2026-11-21") == run_hash("2026-11-21") != run_hash("2026-11-22")


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"version": 2}, "version"),
        ({"keys": []}, "keys"),
        ({"onReject": "skip"}, "onReject"),
        ({"itemTypes": [{**KIND, "name": "rejected"}]}, "reserved"),
        ({"itemTypes": [{**KIND, "columns": [{**COLUMN, "lakeType": "money"}]}]}, "do not go together"),
        ({"itemTypes": [{**KIND, "columns": [COLUMN, COLUMN]}]}, "names must differ"),
        ({"itemTypes": [{"name": "thing"}]}, "match is missing"),
    ],
)
def test_lake_specs_that_cannot_be_used_are_refused(change, problem):
    check_lake_spec(LAKE)
    with pytest.raises(JobFailure, match=problem):
        check_lake_spec({**LAKE, **change})


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"target": "dwh.thing"}, "landing"),
        ({"columns": []}, "columns"),
        ({"entity": 'x"'}, "entity"),
        ({"explode": [{}]}, "kind"),
    ],
)
def test_land_specs_that_cannot_be_used_are_refused(change, problem):
    check_land_spec(LAND, "--spec")
    with pytest.raises(JobFailure, match=problem):
        check_land_spec({**LAND, **change}, "--spec")


def test_items_become_rows_rejects_and_deletes():
    good = {"PK": {"S": "a"}, "type": {"S": "thing"}}
    records = [
        Record(good, good, 1),
        Record({"PK": {"S": "b"}}, {"PK": {"S": "b"}}, 2),
        Record(None, {"PK": {"S": "c"}}, 3),
    ]
    rows = list(ItemReader(LAKE).rows(records))
    assert [(row.dataset, row.k0, row.written_at) for row in rows] == [
        ("thing", "a", 1),
        (REJECTED, "b", 2),
        (DELETED, "c", 3),
    ]


def test_failures_tell_no_data():
    def work(batches):
        yield from batches
        raise ValueError("secret-value")

    with pytest.raises(RuntimeError) as caught:
        list(guarded("reading", work)(iter([1])))
    assert str(as_job_failure(caught.value)) == "reading failed with ValueError; its message may quote data"
    assert "secret-value" not in str(as_job_failure(ValueError("secret-value")))


def test_redshift_copies_exactly_the_manifests_files():
    sql = copy_sql('"landing"."order"', '"a", "b"', "s3://lake/it's/manifest.json", "default")
    assert sql == (
        """COPY "landing"."order" ("a", "b") FROM 's3://lake/it''s/manifest.json' IAM_ROLE default """
        "FORMAT AS PARQUET MANIFEST"
    )
    assert "IAM_ROLE 'arn:aws:iam::1:role/copy'" in copy_sql("t", "a", "s3://b/m", "arn:aws:iam::1:role/copy")
    assert lock_sql("redshift", "t") == "LOCK TABLE t"
