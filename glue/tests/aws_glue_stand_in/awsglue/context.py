"""https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-glue-context.html"""


class GlueContext:
    def __init__(self, spark_context):
        self.spark_context = spark_context
