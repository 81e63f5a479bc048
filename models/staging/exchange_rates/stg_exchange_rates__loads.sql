-- one row per rates file that was read
{{ stage_loads('raw_exchange_rates') }}
