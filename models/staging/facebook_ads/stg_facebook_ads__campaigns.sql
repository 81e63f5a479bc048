-- one row per campaign, as the platform lists them now
{{ stage_campaigns(
    'facebook_ads', "'social'", 'coalesce(effective_status, status)'
) }}
