-- one row per campaign: its CPA in its last settled weeks beside its account's
{% set account = 'platform, account_id' %}
with

latest as (

    select
        *,
        max(as_of_week) over (partition by {{ account }}) as last_week

    from {{ ref('int_cpa_comparisons') }}

),

beside as (

    select
        *,
        sum(cost) over (partition by {{ account }}) - cost as rest_cost,
        sum(conversions) over (partition by {{ account }}) - conversions
            as rest_conversions

    from latest
    where as_of_week = last_week

),

priced as (

    select
        *,
        rest_cost / nullif(rest_conversions, 0) as rest_cpa

    from beside
    where conversions > 0

),

final as (

    select
        *,
        1 - cpa_now / nullif(rest_cpa, 0) as advantage,
        ln(nullif(rest_cpa, 0) / cpa_now) / sqrt(
            dispersion * (1 / conversions + 1 / rest_conversions)
        ) as z_score

    from priced
    where rest_conversions > 0 and cpa_now > 0

)

select * from final
