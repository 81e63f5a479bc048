-- one row per platform, account, campaign and day with figures
{{ config(materialized='view') }}
{{ daily_fact(ref('int_campaign_periods'), 'campaign', [], []) }}
