-- one row per row of the reports campaign, ad and campaign_device
{{ stage_reports('facebook_ads', {
    'currency': 'coalesce(reported.account_currency, accounts.currency)',
    'channel': "'social'",
    'device': 'reported.device_platform',
    'clicks': 'reported.inline_link_clicks',
    'cost_local': 'reported.spend',
    'conversion_value_local': 'reported.conversion_value',
}) }}
