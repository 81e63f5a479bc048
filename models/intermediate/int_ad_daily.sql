-- one row per ad and day, and what its campaign has beyond its ads
{{ parts_of_campaigns(
    'ad', ['ad_group_id', 'ad_id'], ['ad_group_name', 'ad_name']
) }}
