-- one row per series, day and metric that is a spend: what its past suggests
{{ scored_series('spend') }}
