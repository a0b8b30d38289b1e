"""What the Glue scripts raw_to_datalake.py and land.py are made of. The contract is docs/glue-jobs.md."""
