"""https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-transforms-SelectFromCollection.html"""


class SelectFromCollection:
    @staticmethod
    def apply(dfc, key):
        return dfc[key]
