"""AWS Glue jobs land_job and land_<entity>_job: the lake to landing tables. The contract is docs/glue-jobs.md."""

from sluice_jobs.entry import main
from sluice_jobs.land_job import run

main(run)
