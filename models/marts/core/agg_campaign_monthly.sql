-- one row per platform, account, campaign and month
{{ config(materialized='view') }}
{{ campaign_rollup('month') }}
