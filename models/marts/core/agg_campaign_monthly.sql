-- one row per platform, account, campaign and month
{{ campaign_rollup('month') }}
