-- one row per platform, account, campaign, device and day with figures
{{ config(materialized='view') }}
{{ daily_fact(ref('int_device_daily'), 'device', ['device'], []) }}
