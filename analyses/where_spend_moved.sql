-- Which campaigns moved the cost of the last 28 days the most, against the 28
-- days before, and by which driver? Days that were not read are in no figure.
with

drivers as (

    select * from {{ ref('fct_change_drivers') }}

),

final as (

    select
        platform,
        account_id,
        campaign_id,
        campaign_name,
        driver,
        contribution,
        campaign_previous_value as cost_before,
        campaign_value as cost_now,
        account_days - account_days_read as days_missing,
        previous_account_days - previous_account_days_read
            as days_missing_before

    from drivers
    where
        comparison = 'last_28_days' and scope = 'all' and metric = 'cost'
    order by abs(contribution) desc nulls last
    limit 20

)

select * from final
