-- one row per recommendation, with whom it is about
select
    case
        when campaign_id != '__all__'
            then left(md5(concat_ws('/', platform, account_id, campaign_id)), 12)
    end as slug,
    insight_id,
    platform,
    coalesce(platform_name, platform) as platform_name,
    -- Held rows may have no day but the one that they were read on.
    least(first_day, last_day) as first_day,
    date_day,
    rule,
    replace(rule, '_', ' ') as rule_name,
    severity,
    case severity when 'critical' then 1 when 'warning' then 2 else 3 end
        as severity_rank,
    title,
    explanation,
    recommendation,
    what_would_change_it,
    cast(impact_amount as double) as impact_amount
from marts.fct_insights
left join marts.dim_platform using (platform)
cross join (select max(date_day) as last_day from marts.agg_platform_daily)
right join (select 1) as always on true
order by severity_rank, impact_amount desc nulls last, insight_id
