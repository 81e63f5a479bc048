-- one row per recommendation: what one rule found about one subject
with

insights as (

    {% for rule in insight_texts() %}
    select * from {{ ref('int_insights_' ~ rule) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

rules as (

    select * from {{ ref('insight_rules') }}

),

subjects as (

    select * from {{ ref('int_insight_subjects') }}

),

-- Of two rules that tell one cause one yields, unless the other's is long over.
told_better as (

    select distinct weaker.insight_id
    from insights as weaker
    inner join rules on weaker.rule = rules.rule
    inner join insights as stronger
        on
            weaker.platform = stronger.platform
            {% for id in ['account_id', 'campaign_id'] %}
            and weaker.{{ id }} = coalesce(
                nullif(stronger.{{ id }}, '{{ whole() }}'), weaker.{{ id }}
            )
            {% endfor %}
            and weaker.date_day >= stronger.first_day
            and weaker.first_day <= stronger.date_day
            and {{ days_between('stronger.date_day', 'weaker.date_day') }}
            <= 14
            and rules.yields_to like '%' || stronger.rule || '%'

),

final as (

    select
        -- ids
        insights.insight_id,
        insights.date_day,
        insights.first_day,
        insights.platform,
        insights.account_id,
        insights.campaign_id,

        -- what to do
        insights.rule,
        insights.severity,
        insights.title || ': ' || {{ insight_subject('name') }} as title,
        {{ insight_subject('subject') }} || ' ' || insights.explanation
            as explanation,
        insights.recommendation,
        insights.what_would_change_it,
        insights.impact_amount,
        insights.evidence

    from insights
    left join told_better on insights.insight_id = told_better.insight_id
    left join subjects
        on
            insights.platform = subjects.platform
            and insights.account_id = subjects.account_id
            and insights.campaign_id = subjects.campaign_id
    where told_better.insight_id is null

)

select * from final
