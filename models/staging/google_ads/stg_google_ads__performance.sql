-- one row per row of the reports campaign, ad and campaign_device
{{ stage_reports('google_ads', {
    'currency': 'accounts.currency',
    'channel': known_channel('reported.advertising_channel_type'),
    'device': 'reported.device',
    'clicks': 'reported.clicks',
    'cost_local': from_micros('reported.cost_micros'),
    'conversion_value_local': 'reported.conversions_value',
}) }}
