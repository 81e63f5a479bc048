"""Raw tables of accounts that never were, of any size, made by SQL alone."""

from datetime import date, timedelta
from pathlib import Path

import duckdb

ACCOUNTS, CAMPAIGNS, AD_GROUPS = 20, 15, 5
LAST = date(2026, 5, 30)
STEP = 91
LOOKBACK = 30
ENTITIES = f"""
insert into raw_google_ads.accounts by name
select printf('%010d', a) as account_id, 'Account ' || a as account_name,
    ['USD', 'EUR', 'SEK', 'JPY'][a % 4 + 1] as currency, 'UTC' as time_zone
from range({ACCOUNTS}) as accounts(a)
"""
# A tenth of what an ad could get is kept from it, for the campaign to have more than its ads.
ADS = f"""
insert into raw_google_ads.ad by name
select account_id, date, campaign_id, campaign_name, advertising_channel_type,
    'g' || x % {AD_GROUPS} as ad_group_id, 'Group ' || x % {AD_GROUPS} as ad_group_name,
    campaign_id || printf('%06d', x) as ad_id,
    (h % 1000)::bigint as impressions, (h % 31)::bigint as clicks,
    (h % 31 * 437113)::bigint as cost_micros,
    ((h % 5) * 0.25)::decimal(38, 9) as conversions,
    ((h % 5) * 7.35)::decimal(38, 9) as conversions_value, '{{load}}' as _dlt_load_id
from (
    select printf('%010d', a) as account_id, d::date as date, (100000 + a * 100 + c)::varchar
        as campaign_id, 'Campaign ' || c as campaign_name, 'SEARCH' as advertising_channel_type,
        x, hash(a, c, x, d) as h
    from range({ACCOUNTS}) as accounts(a), range({CAMPAIGNS}) as campaigns(c),
        range({{ads}}) as ads(x), generate_series($first, $last, interval 1 day) as days(d)
)
"""
CAMPAIGNS_OF_ADS = """
insert into raw_google_ads.campaign by name
select account_id, date, campaign_id, any_value(campaign_name) as campaign_name,
    'SEARCH' as advertising_channel_type, (sum(impressions) + 10)::bigint as impressions,
    (sum(clicks) + 1)::bigint as clicks, (sum(cost_micros) + 437113)::bigint as cost_micros,
    sum(conversions) as conversions, sum(conversions_value) as conversions_value,
    '{load}' as _dlt_load_id
from raw_google_ads.ad where date between $first and $last
group by account_id, date, campaign_id
"""
DEVICES_OF_CAMPAIGNS = """
insert into raw_google_ads.campaign_device by name
select account_id, date, campaign_id, campaign_name, advertising_channel_type, device,
    if(n = 0, impressions - impressions // 3 * 2, impressions // 3) as impressions,
    if(n = 0, clicks - clicks // 3 * 2, clicks // 3) as clicks,
    if(n = 0, cost_micros - cost_micros // 3 * 2, cost_micros // 3) as cost_micros,
    if(n = 0, conversions, 0) as conversions,
    if(n = 0, conversions_value, 0) as conversions_value, '{load}' as _dlt_load_id
from raw_google_ads.campaign, (values (0, 'MOBILE'), (1, 'DESKTOP'), (2, 'TABLET')) as of(n, device)
where date between $first and $last
"""
RATES = """
insert into raw_exchange_rates.rates by name
select d::date as date, currency, 'rates.csv' as origin,
    (base * (1 + hash(currency, d) % 1000 / 10000))::decimal(18, 12) as rate_to_usd,
    'load 0' as _dlt_load_id
from generate_series($first, $last + 1, interval 1 day) as days(d),
    (values ('EUR', 1.1), ('SEK', 0.1), ('JPY', 0.006)) as currencies(currency, base)
"""
RECEIPTS = f"""
insert into raw_google_ads.receipts by name
select 'google_ads' as source, 'google_ads' as platform, printf('%010d', a) as account_id, report,
    'day' as grain, '' as part, report as origin, d::date as date, 'loaded' as status,
    {CAMPAIGNS} as row_count, 5 as conversions,
    ($last + 1)::timestamp at time zone 'UTC' as read_at, '{{load}}' as _dlt_load_id
from range({ACCOUNTS}) as accounts(a), generate_series($first, $last, interval 1 day) as days(d),
    (values ('campaign'), ('ad'), ('campaign_device')) as reports(report)
"""


def load_history(file: Path, days: int, ads: int) -> None:
    """Load so many days, each campaign with so many ads, a quarter at a time."""
    with duckdb.connect(str(file)) as database:
        first = LAST - timedelta(days - 1)
        database.execute(ENTITIES)
        database.execute(RATES, {"first": first, "last": LAST})
        while first <= LAST:
            last = min(first + timedelta(STEP - 1), LAST)
            load_days(database, first, last, ads)
            first = last + timedelta(1)


def load_new_day(file: Path) -> None:
    """Load the day after the last, and those before it again, as the lookback does."""
    with duckdb.connect(str(file)) as database:
        counted = database.execute(
            "select max(date), count(distinct ad_id) from raw_google_ads.ad where date = $last",
            {"last": LAST},
        ).fetchone()
        assert counted is not None
        day, ads = counted[0] + timedelta(1), counted[1] // ACCOUNTS // CAMPAIGNS
        load_days(database, day - timedelta(LOOKBACK), day, ads)


def load_days(database: duckdb.DuckDBPyConnection, first: date, last: date, ads: int) -> None:
    """Replace these days in all reports, as one load."""
    load, days = f"load {first} {last}", {"first": first, "last": last}
    for table in ("ad", "campaign", "campaign_device"):
        database.execute(
            f"delete from raw_google_ads.{table} where date between $first and $last", days
        )
    for statement in (ADS, CAMPAIGNS_OF_ADS, DEVICES_OF_CAMPAIGNS, RECEIPTS):
        database.execute(statement.format(load=load, ads=ads), days)
    database.execute(
        "insert into raw_google_ads._dlt_loads by name select ? as load_id, 0 as status", [load]
    )
