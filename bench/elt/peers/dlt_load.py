"""Loads a DynamoDB export into PostgreSQL with dlt: dlt_load.py default|fastest POSTGRES_URL FILE.json.gz ..."""

import gzip
import json
import os
import sys

mode, url, *files = sys.argv[1:]
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DESTINATION__POSTGRES__CREDENTIALS"] = url
if mode == "fastest":
    os.environ["NORMALIZE__WORKERS"] = "2"
    os.environ["LOAD__WORKERS"] = "4"

import dlt  # noqa: E402 -- reads the variables above

FIELDS = {
    "customer": ["username", "email", "fullname"],
    "order": ["orderid", "numberofitems", "orderdate"],
    "product": ["orderid", "productid", "productname", "category", "color", "price"],
}
ADDRESS = ["buildingnumber", "streetname", "city", "postcode", "country"]


def value(attribute):
    ((kind, content),) = attribute.items()
    return content


def rows():
    """Each item as (type, row): numbers as text, as they are exact; the user name of an order from its key."""
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                item = json.loads(line)["Item"]
                kind = value(item["type"])
                row = {name: value(item[name]) if name in item else None for name in FIELDS[kind]}
                if kind == "order":
                    row["username"] = value(item["PK"])[5:]
                if kind == "customer":
                    address = {name: value(attribute) for name, attribute in item["address"]["M"].items()}
                    yield "address", {"username": row["username"], "position": "0", **address}
                yield kind, row


@dlt.source
def export():
    @dlt.resource(name="items", write_disposition="replace", max_table_nesting=0)
    def items():
        for kind, row in rows():
            yield dlt.mark.with_table_name(row, kind)

    return items


@dlt.source
def batches():
    import pyarrow as pa

    @dlt.resource(name="items", write_disposition="replace")
    def items():
        held = {}
        for kind, row in rows():
            held.setdefault(kind, []).append(row)
            if len(held[kind]) == 100_000:
                yield dlt.mark.with_table_name(pa.Table.from_pylist(held.pop(kind)), kind)
        for kind, left in held.items():
            yield dlt.mark.with_table_name(pa.Table.from_pylist(left), kind)

    return items


pipeline = dlt.pipeline(f"bench_{mode}", destination="postgres", dataset_name="landing_raw", pipelines_dir=os.environ["DLT_FOLDER"])
if mode == "fastest":
    pipeline.run(batches(), loader_file_format="csv")
else:
    pipeline.run(export())
