"""AWS Glue job raw_to_datalake_job: DynamoDB exports to the lake. The contract is docs/glue-jobs.md."""

from sluice_jobs.entry import main
from sluice_jobs.lake_job import run

main(run)
