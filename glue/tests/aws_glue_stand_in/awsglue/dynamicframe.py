"""https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html"""


class DynamicFrame:
    def __init__(self, frame):
        unknown = [name for name, kind in frame.dtypes if kind == "timestamp_ntz"]
        if unknown:
            raise ValueError(f"dynamic frames know no timestamps without a zone: {unknown}")
        self._frame = frame

    @classmethod
    def fromDF(cls, frame, glue_context, name):
        return cls(frame)

    def toDF(self):
        return self._frame
