"""Stands in for the part of AWS's awsglue that holds rows back: it exists on AWS Glue only."""
