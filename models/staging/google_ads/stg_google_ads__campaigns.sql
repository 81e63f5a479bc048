-- one row per campaign, as the platform lists them now
{{ stage_campaigns(
    'google_ads', known_channel('advertising_channel_type'), 'status'
) }}
