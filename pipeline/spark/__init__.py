"""The target `spark`: a cluster on this machine, raw files as its tables, its marts published."""
