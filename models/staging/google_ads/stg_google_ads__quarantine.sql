-- one row per row of an export that could not be parsed
{{ stage_quarantine('raw_google_ads') }}
