-- one row per platform, account, campaign and day with figures
{{ daily_fact(ref('int_campaign_periods'), 'campaign', [], []) }}
