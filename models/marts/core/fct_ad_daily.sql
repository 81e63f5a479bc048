-- one row per platform, account, campaign, ad group, ad and day with figures
{{ config(materialized='view') }}
{{ daily_fact(
    ref('int_ad_daily'), 'ad', ['ad_group_id', 'ad_id'],
    ['ad_group_name', 'ad_name']
) }}
