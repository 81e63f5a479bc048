{% macro quarantine_details() -%}
    {% do return({
        'future_date': 'The day lies after the day on which the row was read.',
        'week_not_aligned': 'A weekly row must start on a '
            ~ var('week_start') | capitalize ~ '.',
        'month_not_aligned': 'A monthly row must start on the 1st.',
        'negative_cost': 'Cost is below zero.',
        'clicks_without_impressions': 'More clicks without any impression than '
            ~ 'can have come after midnight.',
        'slice_claimed_twice': 'Another source read the same account and day '
            ~ 'later: its rows count, these would double the spend.',
        'unknown_currency': 'No currency is known: cost stays null.',
        'no_exchange_rate': 'No rate of the day or of the '
            ~ var('fx_max_age_days') ~ ' days before: cost stays null.',
    }) %}
{%- endmacro %}
