{% macro is_writing() -%}
    {% do return(flags.WHICH in ('build', 'run', 'seed', 'snapshot')) %}
{%- endmacro %}


{% macro record_begin() -%}
    {%- if not execute or not is_writing() -%}{%- do return('') -%}{%- endif -%}
    {%- set begun = source('ops', 'builds_begun') -%}
    {%- do run_statement(
        'insert into ' ~ begun.render() ~ ' values ('
        ~ dbt.string_literal(invocation_id) ~ ", cast('"
        ~ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') ~ "' as timestamp))"
    ) -%}
    {#- dbt rolls on-run-start back, and making a schema commits. -#}
    {%- do adapter.create_schema(api.Relation.create(
        database=begun.database, schema='ops'
    )) -%}
{%- endmacro %}


{% macro record_build(results) -%}
    {%- if not execute -%}{%- do return('') -%}{%- endif -%}
    {%- set failures = [] -%}
    {%- for result in results if result.status in ('error', 'fail') -%}
        {%- do failures.append({
            'node': result.node.name,
            'message': (result.message or '').strip().split('\n')[0],
        }) -%}
    {%- endfor -%}
    {#- What only looks leaves the last build as it was, unless a test failed. -#}
    {%- set judges = flags.WHICH == 'test' and failures -%}
    {%- if not is_writing() and not judges -%}{%- do return('') -%}{%- endif -%}
    {%- set args = invocation_args_dict -%}
    {#- Unit tests judge the SQL on rows of their own, not what was built. -#}
    {%- set left_out = args.get('exclude_resource_types', [])
        | reject('equalto', 'unit_test') | list -%}
    {%- set narrowed = args.get('select') or args.get('exclude')
        or args.get('selector') or args.get('resource_types')
        or left_out or args.get('empty') -%}
    {%- set is_full = flags.WHICH == 'build' and not narrowed -%}
    {%- set clock = modules.datetime.datetime.now(modules.pytz.utc) -%}
    insert into {{ source('ops', 'builds').render() }} values (
        {{ dbt.string_literal(invocation_id) }},
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
            as timestamp),
        cast('{{ clock.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp),
        '{{ "error" if failures else "success" }}',
        {{ is_full | lower }},
        {{ text_literal(tojson(failures)) }}
    )
{%- endmacro %}
