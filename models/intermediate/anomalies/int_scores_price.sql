-- one row per series, day and metric that is a price: what its past suggests
{{ scored_series('price') }}
