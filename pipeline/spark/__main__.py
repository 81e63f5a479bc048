"""`python -m pipeline.spark up|down|run COMMAND…`: the cluster of the data folder."""
import sys
from pipeline.settings import Folder
from pipeline.spark.cluster import Cluster
c=Cluster(Folder().prepare())
if sys.argv[1]=="up": print(c.up())
else: c.down()
