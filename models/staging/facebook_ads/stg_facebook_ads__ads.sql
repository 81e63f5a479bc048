-- one row per ad in an ad group, as the platform lists them now
{{ stage_ads('facebook_ads') }}
