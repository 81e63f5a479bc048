{#- What a rule says. {column:kind} is filled in, see macro sentence; an
    explanation goes on where its subject ("Campaign X of account Y") ends. -#}

{% macro insight_texts() -%}
{% do return({
'wasted_spend': {
    'title': 'Spend without a conversion',
    'explanation': 'spent {cost:money} {period} without a conversion. At the usual {usual_cpa:money} per conversion that money buys about {expected_conversions:number}.',
    'recommendation': 'Check that its conversions are still counted (tag, goal, landing page). If they are, pause it or move its budget to campaigns that convert.',
    'what_would_change_it': 'A conversion on any of these days, or a goal other than conversions, such as reach.',
},
'held_rows': {
    'title': 'Rows held back',
    'explanation': 'has rows {period} that are in no figure: {held_rows:number} ({reason_words}). They hold {money_held}.',
    'recommendation': 'Put right what the export or the platform spec says, or correct the rows in seeds/corrections.csv, and run again: ops.quarantined_rows lists each of them with its line.',
    'what_would_change_it': 'Rows that are meant to be left out, such as totals or a file that another one replaces.',
},
'missing_exchange_rate': {
    'title': 'Spend without an exchange rate',
    'explanation': 'spent {cost_held:decimal} in {currency_name} {period} that is missing from every total in {reporting_currency}, because there is no rate for it (rows: {held_rows:number}).',
    'recommendation': 'Add the rates of these days to the file of exchange rates, or the currency to the platform spec, and run again.',
    'what_would_change_it': 'Rates for these days; until then its cost is unknown, not zero.',
},
'coverage_gap': {
    'title': 'Days that were not read',
    'explanation': 'has {days_missing:number} days without figures {period} (the last one: {status_words}). Totals of this time lack what it spent then.',
    'recommendation': 'Restore access where it was lost, then read the days again: campaigns collect --since {first_day} --until {date_day}.',
    'what_would_change_it': 'An answer of the platform for these days, be it that nothing ran.',
},
'restated_figures': {
    'title': 'Figures changed after they had settled',
    'explanation': 'has {size:percent} {direction} {measure} in the month of {month_start} than was reported when its days had settled (days changed: {days_restated:number}, last read on {read_day}).',
    'recommendation': 'Tell those who work with the month as it was, and compare it with the invoice or the platform; ops.restatements has each change, before and after.',
    'what_would_change_it': 'A correction that the platform announced, such as a credit for invalid clicks or a new attribution window.',
},
'cpa_drift': {
    'title': 'Conversions have become dearer',
    'explanation': 'paid {cpa_now:money} per conversion in the {days} days up to {date_day}, {change:percent} more than the {cpa_before:money} of the {days_before} days before ({conversions:number} conversions now and {conversions_before:number} then, {cost:money} spent now). What drove it most: {driver}.',
    'recommendation': 'Look at what changed: bids, targeting, landing page, competition. Bring back what worked, or lower the bid or target CPA until the price is right again.',
    'what_would_change_it': 'A change of what counts as a conversion, a season that the period before did not have, or conversions that are worth more than before.',
},
'marginal_return_falling': {
    'title': 'The last money brings little',
    'explanation': 'buys fewer and fewer conversions for each further amount: over {weeks} weeks up to {date_day}, 10 % more spend went with {response_percent:decimal} % more conversions. It pays {average_cpa:money} per conversion on average, but about {next_cpa:money} for the next one. It spent {weekly_cost_of_late:money} a week lately, after {weekly_cost:money} on average.',
    'recommendation': 'Move the budget added lately to a campaign whose next conversion costs less, step by step, and watch the CPA.',
    'what_would_change_it': 'A reason other than spend for which conversions stayed behind (season, price, stock), or a test with budgets that are changed on purpose.',
},
'creative_fatigue': {
    'title': 'An ad wears out',
    'explanation': 'has an ad, “{ad_name}”, that is clicked less and less: its CTR fell by {fall:percent}, from {first_ctr:percent2} to {last_ctr:percent2}, over {weeks} weeks up to {date_day}, while the other ads of the campaign went from {first_other_ctr:percent2} to {last_other_ctr:percent2}. It spent {last_cost:money} in the last 14 days.',
    'recommendation': 'Replace it with a new creative, or pause it so that the money goes to the other ads.',
    'what_would_change_it': 'New placements or audiences for this ad alone, or a CTR that recovers with less frequent delivery.',
},
'cannibalised_campaign': {
    'title': 'A new campaign takes what another had',
    'explanation': 'started on {first_day}. In the {days} days from then on, “{older_campaign_name}” went from {older_before:number} conversions to {older_after:number}, {fall:percent} worse than the account\'s other campaigns ({rest_before:number} to {rest_after:number}). The new one shows {younger_conversions:number} for {younger_cost:money}; about {conversions_lost:number} of them would have come without it.',
    'recommendation': 'Keep them apart (negative keywords, audiences, brand exclusions) or pause one of them, and watch the sum of both.',
    'what_would_change_it': 'A budget or bid that was lowered on purpose in the older campaign on that day, or a sum of both that rises when they run together.',
},
'duplicate_campaign': {
    'title': 'Two campaigns of one name',
    'explanation': 'runs beside “{twin_name}” ({twin_id}) in the same account and channel: they spent {impact_amount:money} and {twin_cost:money} in the {days} days up to {date_day}.',
    'recommendation': 'If one is a copy, pause the lesser one: they bid for the same people and each learns from half of the data. Else give them names that tell them apart.',
    'what_would_change_it': 'Different audiences, places or products that their names do not say, or an experiment that is meant to run in both.',
},
'tracking_outage': {
    'title': 'Conversions are no longer counted',
    'explanation': 'went on spending {period} while hardly a conversion was counted. Strongest sign: {metric_words} {value_text} on a day where {expected_text} was expected (figures flagged: {figures:number}). At stake: {stake}.',
    'recommendation': 'Check the tag, pixel or import first, and the landing page and checkout; until it is mended do not judge or automate by these days. Then correct or leave out the days in bidding.',
    'what_would_change_it': 'Orders of these days in the shop itself: if they fell too, it is sales and not tracking. Conversions that arrive late would show on the next reads.',
},
'anomaly_incident': {
    'title': '{cause_title}',
    'explanation': '{finding} {period}. Strongest sign: {metric_words} {value_text} on a day where {expected_text} was expected (figures flagged: {figures:number}). At stake: {stake}.',
    'recommendation': '{remedy}',
    'what_would_change_it': '{doubt}',
},
'budget_limited_winner': {
    'title': 'A good campaign is held back by its budget',
    'explanation': 'spent its daily budget of {daily_budget:amount} {currency} on {days_held:number} of the last {days} days (up to {date_day}), and pays {cpa_now:money} per conversion where the account\'s other campaigns pay {rest_cpa:money} ({conversions:number} conversions in settled weeks up to {settled_day}).',
    'recommendation': 'Raise its daily budget by a fifth, taken from campaigns whose conversions cost more, and look again after two weeks.',
    'what_would_change_it': 'Conversions that are worth less than those of the others, or a price per conversion that rises as soon as more is spent.',
},
'pacing_risk': {
    'title': 'The budget will be missed',
    'explanation': 'is heading for {projected_total:amount} {currency} from {first_day} to {period_end} (80 of 100 times between {lower_total:amount} and {upper_total:amount}), {gap:amount} {direction} than the {planned_total:amount} planned (budget {budget_id}). Spent up to {date_day}: {spent_to_date:amount}.',
    'recommendation': 'To end as planned, spend {daily_rest:amount} {currency} a day from now on; else change the plan.',
    'what_would_change_it': 'Budgets that were changed after {date_day}, or days ahead that are unlike the last four weeks (a sale, an end date).',
},
}) %}
{%- endmacro %}


{% macro incident_texts() -%}
{%- set planned = 'A planned event on these days: enter it into seeds/calendar.csv.' -%}
{% do return({
'overspend': {
    'cause_title': 'Spent far more than usual',
    'finding': 'spent far more than usual',
    'remedy': 'Check the daily budget and bids for a typing error or a changed limit, and set them back; ask the platform for a refund where it broke its own limit.',
    'doubt': planned,
},
'delivery_stop': {
    'cause_title': 'Delivery stopped',
    'finding': 'had a stop of delivery',
    'remedy': 'Check payment, policy notices, budget, end date and ad status, and start it again.',
    'doubt': 'Someone who paused it on purpose.',
},
'delivery_drop': {
    'cause_title': 'Delivery fell',
    'finding': 'was shown far less than usual',
    'remedy': 'Look at budget, bids, disapproved ads and audience changes of that day.',
    'doubt': planned,
},
'price_jump': {
    'cause_title': 'The same money buys less',
    'finding': 'paid far more for the same',
    'remedy': 'Look at bids, placements and audiences that changed that day; cap the bid if competition drove the price.',
    'doubt': planned,
},
'conversion_drop': {
    'cause_title': 'Fewer conversions for the same traffic',
    'finding': 'converted far less than usual',
    'remedy': 'Check landing page, stock, price and checkout of these days, and whether one kind of conversion is missing.',
    'doubt': 'Orders in the shop itself that did not fall.',
},
'value_drop': {
    'cause_title': 'Conversions are worth less',
    'finding': 'brought conversions worth far less than usual',
    'remedy': 'Check the value that the tag sends (currency, tax, test orders) and which products were bought.',
    'doubt': 'A sale or a cheaper product that was advertised on purpose.',
},
'efficiency_drop': {
    'cause_title': 'Less for each unit of money',
    'finding': 'brought less for the money than usual',
    'remedy': 'Compare queries, placements and products of these days with those of the days before.',
    'doubt': planned,
},
'frozen_figures': {
    'cause_title': 'A figure repeats itself',
    'finding': 'had reported the same figure for days',
    'remedy': 'Collect these days again, and check the import or tag that the figure comes from.',
    'doubt': 'A figure that is set by hand or capped, and so may repeat itself.',
},
}) %}
{%- endmacro %}
