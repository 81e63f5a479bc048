-- one row per platform, account, campaign and week
{{ campaign_rollup('week') }}
