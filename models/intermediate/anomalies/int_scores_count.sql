-- one row per series, day and metric that is a count: what its past suggests
{{ scored_series('count') }}
