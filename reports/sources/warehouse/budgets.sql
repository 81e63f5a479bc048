-- one row per budget as of its last day
select
    budget_id,
    origin,
    pacing.platform,
    coalesce(dim_platform.platform_name, pacing.platform) as platform_name,
    concat_ws(
        ', ',
        if(
            pacing.account_id is null,
            'all accounts',
            coalesce(dim_account.account_name, pacing.account_id)
        ),
        coalesce(campaign_name, pacing.campaign_id)
    ) as spender,
    if(origin = 'plan', budget_id, 'the platform''s own') as budget_name,
    kind,
    pacing.currency,
    strftime(known_from, '%Y-%m-%d') as known_from,
    strftime(period_start, '%Y-%m-%d') as period_start,
    strftime(period_end, '%Y-%m-%d') as period_end,
    strftime(date_day, '%Y-%m-%d') as last_day,
    cast(planned_total as double) as planned_total,
    cast(planned_to_date as double) as planned_to_date,
    cast(spent_to_date as double) as spent_to_date,
    cast(projected_total as double) as projected_total,
    cast(lower_total as double) as lower_total,
    cast(upper_total as double) as upper_total,
    pace,
    time_share,
    days_passed - days_read as unread,
    pacing.status,
    cast((projected_total - planned_total) * fx_rate as double) as beyond,
    if(pacing.currency = 'JPY', '#,##0', '#,##0.00') as fmt
from (
    select
        *,
        row_number() over (
            partition by budget_id order by date_day desc
        ) as age
    from marts.fct_budget_pacing
) as pacing
left join marts.dim_platform using (platform)
left join marts.dim_account using (platform, account_id)
left join marts.dim_campaign using (platform, account_id, campaign_id)
right join (select 1) as always on true
where age = 1 or age is null
order by abs(beyond) desc nulls last, budget_id
