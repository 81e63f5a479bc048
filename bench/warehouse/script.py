"""One DuckDB script that makes the tables behind the core marts, as one would by hand.

It knows a single platform that never restates, has no name for a fault and holds nothing back.
"""

MEASURES = ("impressions", "clicks", "cost", "conversions", "conversion_value")
SUMS = ", ".join(f"sum({name})::{{}} as {name}" for name in MEASURES)
SUMS = SUMS.format("bigint", "bigint", *["decimal(38, 9)"] * 3)
LOCAL = ("cost_local", "conversion_value_local")
KEYS = "account_id, campaign_id, date_day"


def _daily(table: str, part: str = "", names: str = "") -> str:
    """Type and convert the rows of a report."""
    return f"""
    create table by_hand.{table}_rows as
    select r.account_id, campaign_id, {part} r.date as date_day, campaign_name, {names}
        case advertising_channel_type when 'SEARCH' then 'search' else 'other' end as channel,
        currency, x.rate as fx_rate, x.date as fx_rate_date, impressions, clicks,
        (cost_micros::decimal(38, 0) * 0.000001 * x.rate)::decimal(38, 9) as cost,
        conversions::decimal(38, 9) as conversions,
        (conversions_value::decimal(38, 9) * x.rate)::decimal(38, 9) as conversion_value,
        (cost_micros::decimal(38, 0) * 0.000001)::decimal(38, 9) as cost_local,
        conversions_value::decimal(38, 9) as conversion_value_local
    from raw_google_ads.{table} as r
    join raw_google_ads.accounts using (account_id)
    left join by_hand.rates as x using (currency, date);
    """


def _with_the_rest(table: str, rows: str, rest: str) -> str:
    """Add a row a campaign and day for what its parts do not have."""
    beyond = ", ".join(f"c.{one} - coalesce(p.{one}, 0) as {one}" for one in MEASURES + LOCAL)
    return f"""
    create table by_hand.{table} as
    select * from by_hand.{rows}_rows
    union all by name
    select c.{KEYS.replace(", ", ", c.")}, {rest}, c.campaign_name, c.channel, c.currency,
        c.fx_rate, c.fx_rate_date, {beyond}
    from by_hand.campaign_rows as c
    left join (
        select {KEYS}, {SUMS}, sum(cost_local) as cost_local,
            sum(conversion_value_local) as conversion_value_local
        from by_hand.{rows}_rows group by {KEYS}
    ) as p using ({KEYS})
    where c.impressions != coalesce(p.impressions, 0) or c.cost != coalesce(p.cost, 0)
        or c.conversions != coalesce(p.conversions, 0);
    """


def _period(unit: str) -> str:
    return f"""
    create table by_hand.{unit}s as
    select account_id, campaign_id, date_trunc('{unit}', date_day)::date as {unit}_start,
        any_value(campaign_name) as campaign_name, any_value(channel) as channel, {SUMS}
    from by_hand.campaign_rows group by all;
    """


def _dimension(name: str, keys: str, names: str, rows: str) -> str:
    latest = ", ".join(f"arg_max({one}, date_day) as {one}" for one in names.split(", "))
    return f"""
    create table by_hand.{name} as
    select {keys}, {latest}, min(date_day) as first_day, max(date_day) as last_day
    from by_hand.{rows} group by all;
    """


SCRIPT = "".join(
    (
        "create or replace schema by_hand;",
        "create table by_hand.rates as select date, currency, rate_to_usd::decimal(18, 12) as rate "
        "from raw_exchange_rates.rates union all select distinct date, 'USD', 1 "
        "from raw_exchange_rates.rates;",
        _daily("campaign"),
        _daily("ad", "ad_group_id, ad_id,", "ad_group_name,"),
        _daily("campaign_device", "lower(device) as device,"),
        _with_the_rest(
            "ad_daily",
            "ad",
            "'__unattributed__' as ad_group_id, '__unattributed__' as ad_id",
        ),
        _with_the_rest("device_daily", "campaign_device", "'unknown' as device"),
        _period("week"),
        _period("month"),
        _dimension("dim_campaign", "account_id, campaign_id", "campaign_name", "campaign_rows"),
        _dimension(
            "dim_ad", "account_id, campaign_id, ad_group_id, ad_id", "ad_group_name", "ad_daily"
        ),
        _dimension("dim_account", "account_id", "currency", "campaign_rows"),
        "drop table by_hand.ad_rows; drop table by_hand.campaign_device_rows;",
    )
)
