-- one row per platform, account, campaign and week
{{ config(materialized='view') }}
{{ campaign_rollup('week') }}
