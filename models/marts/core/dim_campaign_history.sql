-- one row per platform, account, campaign and version of its name or status
{{ config(materialized='view') }}
{{ versions(
    ref('campaign_versions'), ['platform', 'account_id', 'campaign_id'],
    ['campaign_name', 'channel', 'status']
) }}
