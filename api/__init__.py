"""The reporting API: one query engine behind HTTP, the command line and Python."""
