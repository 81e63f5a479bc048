-- one row per series, day and metric that is a rate: what its past suggests
{{ scored_series('rate') }}
