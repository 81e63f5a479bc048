-- one row per row of a rates file that holds no rate
{{ stage_quarantine('raw_exchange_rates') }}
