"""What a run of land.py is to land, of its arguments."""

from typing import Any, Mapping, NamedTuple, Sequence

from . import s3
from .arguments import Arguments, parse_s3_uri
from .failures import JobFailure
from .spec import check_land_spec
from .warehouse import Watermark


class Landing(NamedTuple):
    """The landing tables that one run replaces."""

    job: str
    specs: Sequence[Mapping[str, Any]]
    #: True for a run of all landing tables, whose report tells them apart.
    packed: bool
    #: Name of the ruleset whose bad rows are kept out, by item type.
    rulesets: Mapping[str, str]


def read_landing(args: Arguments) -> Landing:
    """What to land: `--spec` of one table, or `--specs` of all, as JSON or as the URI of an object that holds it."""
    given = args.optional("--specs")
    if given is None:
        spec = args.json("--spec")
        check_land_spec(spec, "--spec")
        ruleset = args.optional("--quarantine_ruleset")
        return Landing(f"land_{spec['entity']}_job", [spec], False, {spec["itemType"]: ruleset} if ruleset else {})
    if given.startswith("s3://"):
        bucket, key = parse_s3_uri(given, "--specs")
        if s3.size_of(bucket, key) is None:
            raise JobFailure(f"There is no object at {given}")
        given = s3.read_text(bucket, key)
    specs = Arguments({"--specs": given}).json("--specs")
    if not isinstance(specs, list) or not specs:
        raise JobFailure("Argument --specs is not valid: it is no list of specifications")
    for spec in specs:
        check_land_spec(spec, "--specs")
    if len({spec["target"] for spec in specs}) < len(specs):
        raise JobFailure("Argument --specs is not valid: targets must differ")
    rulesets = args.json("--quarantine_rulesets") if args.optional("--quarantine_rulesets") is not None else {}
    return Landing("land_job", specs, True, rulesets)


def read_watermark(args: Arguments) -> Watermark | None:
    """The arguments `--watermark`, `--table_id` and `--pipeline`: all of them or none."""
    names = ("--watermark", "--table_id", "--pipeline")
    if all(args.optional(name) is None for name in names):
        return None
    loaded_to = args.time("--watermark")
    return Watermark(pipeline=args.text("--pipeline"), loaded_to=loaded_to, table_id=args.text("--table_id"))
