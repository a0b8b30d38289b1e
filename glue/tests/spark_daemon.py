"""
Spark's daemon of Python workers, with the installed pyspark in place of Spark's archive of it: before each task a worker
invalidates what it knows of its import path, and reads the directories of the archives there, spark-core's jar too, anew.
"""

import runpy
import sys

sys.path[:] = [path for path in sys.path if not path.endswith((".zip", ".jar"))]
sys.path_importer_cache.clear()  # has the archives already: this module was looked for in them
runpy.run_module("pyspark.daemon", run_name="__main__")
