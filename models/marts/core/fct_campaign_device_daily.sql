-- one row per platform, account, campaign, device and day with figures
{{ daily_fact(ref('int_device_daily'), 'device', ['device'], []) }}
