{#- Held rows, how they are named and how people put them right. -#}

{% macro row_columns() -%}
    {% do return([
        'source', 'part', 'origin', 'line', 'report', 'platform', 'account_id',
        'account_name', 'currency', 'time_zone', 'grain', 'date_day',
        'campaign_id', 'campaign_name', 'ad_group_id', 'ad_group_name', 'ad_id',
        'ad_name', 'channel', 'device', 'country', 'impressions', 'clicks',
        'cost_local', 'conversions', 'conversion_value_local',
    ]) %}
{%- endmacro %}


{% macro quarantine_id(twin) -%}
    {{ text_hash(['source', 'origin', 'line', 'row_json', twin]) }}
{%- endmacro %}


{% macro corrected_columns() -%}
    {% do return({
        'account_id': clean_text('corrections.account_id'),
        'campaign_id': id_or_name(
            'corrections.campaign_id', 'corrections.campaign_name'
        ),
        'campaign_name': clean_text('corrections.campaign_name'),
        'grain': clean_text('corrections.grain'),
        'date_day': 'corrections.date',
        'currency': 'upper(' ~ clean_text('corrections.currency') ~ ')',
        'impressions': 'corrections.impressions',
        'clicks': 'corrections.clicks',
        'cost_local': 'corrections.cost',
        'conversions': 'corrections.conversions',
        'conversion_value_local': 'corrections.conversion_value',
    }) %}
{%- endmacro %}


{% macro only_parsed() -%}
    {%- set text = dbt.type_string() -%}
    {% do return({
        'campaign_id': text, 'ad_group_id': text, 'ad_id': text,
        'account_name': text, 'campaign_name': text, 'ad_group_name': text,
        'ad_name': text, 'time_zone': text, 'channel': text, 'device': text,
        'country': text, 'grain': text, 'impressions': 'bigint',
        'clicks': 'bigint', 'cost_local': 'decimal(38, 9)',
        'conversions': 'decimal(38, 9)',
        'conversion_value_local': 'decimal(38, 9)',
    }) %}
{%- endmacro %}
