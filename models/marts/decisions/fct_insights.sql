-- one row per recommendation: what one rule found about one subject
with

insights as (

    {% for rule in insight_texts() %}
    select * from {{ ref('int_insights_' ~ rule) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

subjects as (

    select * from {{ ref('int_insight_subjects') }}

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
        insights.title || ': ' || subjects.name as title,
        subjects.subject || ' ' || insights.explanation as explanation,
        insights.recommendation,
        insights.what_would_change_it,

        -- how much it matters
        insights.impact_amount,
        insights.evidence

    from insights
    left join subjects
        on
            insights.platform = subjects.platform
            and insights.account_id = subjects.account_id
            and insights.campaign_id = subjects.campaign_id

)

select * from final
