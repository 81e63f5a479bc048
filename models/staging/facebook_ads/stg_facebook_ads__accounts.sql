-- one row per account that was reached
{{ stage_accounts('facebook_ads') }}
