{#- Which rows make up a grain, and how the finer ones tie to campaigns. -#}

{% macro unattributed() -%}
    __unattributed__
{%- endmacro %}


{% macro is_authority(column='report') -%}
    {{ column }} in ('campaign', 'export')
{%- endmacro %}


{% macro feeds(level) -%}
    {%- if level == 'campaign' -%}
    {{ is_authority() }}
    {%- elif level == 'ad' -%}
    report in ('ad', 'export') and ad_id is not null
    {%- else -%}
    report in ('campaign_device', 'export') and device is not null
    {%- endif -%}
{%- endmacro %}


{% macro figures() -%}
    {% do return(measures() + ['cost_local', 'conversion_value_local']) %}
{%- endmacro %}


{% macro sum_figures() -%}
    {{ sum_measures(['impressions', 'clicks', 'conversions']) }},
    {{ sum_converted('cost_local', 'fx_rate') }} as cost,
    {{ sum_converted('conversion_value_local', 'fx_rate') }}
        as conversion_value,
    {{ sum_of_one_currency('cost_local') }} as cost_local,
    {{ sum_of_one_currency('conversion_value_local') }}
        as conversion_value_local,
    {{ the_only('currency') }} as currency,
    {{ the_only('fx_rate') }} as fx_rate,
    {{ the_only('fx_rate_date') }} as fx_rate_date
{%- endmacro %}


{% macro parts_of_campaigns(level, keys, names) -%}
{%- set campaign_day = 'platform, account_id, campaign_id, date_day' -%}
{%- set part_key = keys | join(" || ' ' || ") -%}
with

campaigns as (

    select * from {{ ref('int_campaign_periods') }}
    where grain = 'day' {{ changed_only('and') }}

),

performance as (

    select * from {{ ref('int_performance_judged') }}
    where
        grain = 'day' and not is_held and {{ feeds(level) }}
        {{ changed_only('and') }}

),

parts as (

    select
        {{ campaign_day }},
        {% for key in keys %}
        coalesce({{ key }}, '{{ unattributed() }}') as {{ key }},
        {% endfor %}
        {% for name in names %}
        max({{ name }}) as {{ name }},
        {% endfor %}
        {{ sum_figures() }}

    from performance
    group by
        {{ campaign_day }}
        {%- for key in keys %},
        coalesce({{ key }}, '{{ unattributed() }}')
        {%- endfor %}

),

summed as (

    select
        {{ campaign_day }},
        {{ sum_measures(figures()) }},
        min(case when cost_local != 0 then {{ part_key }} end)
            as cost_rest_key,
        min(case when conversion_value_local != 0 then {{ part_key }} end)
            as conversion_value_rest_key,
        {{ the_only('currency') }} as currency,
        {{ the_only('fx_rate') }} as fx_rate,
        {{ the_only('fx_rate_date') }} as fx_rate_date

    from parts
    group by {{ campaign_day }}

),

-- What the campaign has beyond its parts; null where the campaign knows none.
rests as (

    select
        {% for key in campaign_day.split(', ') %}
        coalesce(campaigns.{{ key }}, summed.{{ key }}) as {{ key }},
        {% endfor %}
        {% for figure in figures() %}
        case
            when campaigns.platform is null then -summed.{{ figure }}
            else campaigns.{{ figure }} - coalesce(summed.{{ figure }}, 0)
        end as {{ figure }},
        {% endfor %}
        {% for column in ['currency', 'fx_rate', 'fx_rate_date'] %}
        coalesce(campaigns.{{ column }}, summed.{{ column }}) as {{ column }},
        {% endfor %}
        summed.cost_rest_key,
        summed.conversion_value_rest_key,
        summed.platform is not null as has_parts

    from campaigns
    full outer join summed
        on
            campaigns.platform = summed.platform
            and campaigns.account_id = summed.account_id
            and campaigns.campaign_id = summed.campaign_id
            and campaigns.date_day = summed.date_day

),

-- Parts are converted one by one: rounding leaves less than a thousandth.
tied as (

    select
        *,
        has_parts
        {% for figure in figures() %}
        and abs(coalesce({{ figure }}, 0))
        {{ '< 0.001' if figure in ['cost', 'conversion_value'] else '= 0' }}
        {% endfor %}
            as is_tied

    from rests

),

final as (

    select
        {% for key in campaign_day.split(', ') + keys + names %}
        parts.{{ key }},
        {% endfor %}
        'day' as grain,
        {% for figure in figures() %}
        case
            when tied.{{ figure }} is null then null
            {% if figure in ['cost', 'conversion_value'] %}
            when
                tied.is_tied
                and tied.{{ figure }}_rest_key
                = parts.{{ keys | join(" || ' ' || parts.") }}
                then parts.{{ figure }} + tied.{{ figure }}
            {% endif %}
            else parts.{{ figure }}
        end as {{ figure }},
        {% endfor %}
        parts.currency,
        parts.fx_rate,
        parts.fx_rate_date

    from parts
    inner join tied
        on
            parts.platform = tied.platform
            and parts.account_id = tied.account_id
            and parts.campaign_id = tied.campaign_id
            and parts.date_day = tied.date_day
    union all
    select
        {{ campaign_day }},
        {% for key in keys %}
        '{{ unattributed() }}' as {{ key }},
        {% endfor %}
        {% for name in names %}
        cast(null as {{ dbt.type_string() }}) as {{ name }},
        {% endfor %}
        'day' as grain,
        {{ figures() | join(', ') }},
        currency,
        fx_rate,
        fx_rate_date

    from tied
    where not is_tied

)

select * from final
{%- endmacro %}


{% macro daily_fact(relation, level, keys, names) -%}
with

figures as (

    select * from {{ relation }}
    {% if level == 'campaign' %}where grain = 'day'{% endif %}

),

accounts as (

    select * from {{ ref('dim_account') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

rates as (

    select * from {{ ref('int_exchange_rates_daily') }}
    where currency != '{{ var("reporting_currency") }}'

),

{% if level == 'ad' %}
ads as (

    select * from {{ ref('dim_ad') }}

),

{% endif %}
coverage as (

    select * from {{ ref('int_coverage_by_day') }}
    where level = '{{ level }}' and grain = 'day'

),

final as (

    select
        -- ids
        figures.platform,
        figures.account_id,
        figures.campaign_id,
        {% for key in keys %}
        figures.{{ key }},
        {% endfor %}
        figures.date_day,

        -- names
        accounts.account_name,
        campaigns.campaign_name,
        {% for name in names %}
        ads.{{ name }},
        {% endfor %}
        campaigns.channel,

        -- measures
        figures.impressions,
        figures.clicks,
        figures.cost,
        figures.conversions,
        figures.conversion_value,
        {{ ratios() }},

        -- money
        figures.cost_local,
        figures.conversion_value_local,
        figures.currency,
        cast(figures.fx_rate as decimal(18, 12)) as fx_rate,
        figures.fx_rate_date,
        case when figures.fx_rate is not null then rates.fx_source end
            as fx_source,

        -- trust
        coalesce(coverage.is_complete, false) as is_complete,
        coalesce(coverage.is_mature, false) as is_mature

    from figures
    left join accounts
        on
            figures.platform = accounts.platform
            and figures.account_id = accounts.account_id
    left join campaigns
        on
            figures.platform = campaigns.platform
            and figures.account_id = campaigns.account_id
            and figures.campaign_id = campaigns.campaign_id
    {% if level == 'ad' %}
    left join ads
        on
            figures.platform = ads.platform
            and figures.account_id = ads.account_id
            and figures.campaign_id = ads.campaign_id
            and figures.ad_group_id = ads.ad_group_id
            and figures.ad_id = ads.ad_id
    {% endif %}
    left join rates
        on
            figures.currency = rates.currency
            and figures.date_day = rates.date_day
    left join coverage
        on
            figures.platform = coverage.platform
            and figures.account_id = coverage.account_id
            and figures.date_day = coverage.date_day

)

select * from final
{%- endmacro %}
