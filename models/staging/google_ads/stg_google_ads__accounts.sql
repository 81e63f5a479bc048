-- one row per account that was reached
{{ stage_accounts('google_ads') }}
