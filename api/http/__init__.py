"""What stands between HTTP and the query engine."""
