-- one row per platform, account and version of its name, currency or zone
{{ config(materialized='view') }}
{{ versions(
    ref('account_versions'), ['platform', 'account_id'],
    ['account_name', 'currency', 'time_zone']
) }}
