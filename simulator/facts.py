"""SQL for what a campaign did on a day, as one sees it on a later day, and for its parts.

Counts are integers throughout; money is counted in the account's smallest unit. A campaign's day is
drawn first; ad groups, ads and devices are shares of it, cut so that they add up to it exactly.

Columns: k (campaign), date, impr, clicks, links, cost, c0..c3 (conversions, Google's in
millionths), v0..v3 (their value); below campaign level also `part` (ad or ad group) and `label`
(device).
"""

from datetime import date

from simulator.portfolio import GOOGLE

COMPONENTS = range(4)
MEASURES = ("impr", "clicks", "links", "cost", *(f"c{i}" for i in COMPONENTS),
            *(f"v{i}" for i in COMPONENTS))  # fmt: skip
SETTLED = 28  # days after which nothing changes any more
FULL = 10_000  # arrival of conversions is counted in ten-thousandths

# Six bits of a 64-bit hash: a nearly normal number, mean 0, deviation 1.
MACROS = """
create macro noise(h) as (
    ((h & 65535) + ((h >> 16) & 65535) + ((h >> 32) & 65535) + (h >> 48)) / 65536.0 - 2
) * 1.7320508;
create macro draw(seed, k, day, what) as noise(hash(seed, k, day, what));
create macro amount(mean, n) as greatest(0.0, mean + sqrt(greatest(mean, 0.0)) * n);
create macro whole(x) as cast(round(x) as bigint);
create macro share(total, f) as (total * f) >> 20;
create macro ratio(part, total) as case when total > 0 then (part << 20) // total else 0 end;
"""


def arrival() -> list[dict[str, int | str]]:
    """How much of a day's conversions has arrived, by platform, component and days since."""
    rows: list[dict[str, int | str]] = []
    for platform in (GOOGLE, "facebook_ads"):
        for lag in range(SETTLED + 1):
            if platform == GOOGLE:
                shares = (_approach(lag, 0.45, 0.82), _approach(lag, 0.7, 0.5), FULL, FULL)
            else:
                shares = (
                    7000 if lag == 0 else FULL,
                    min(FULL, lag * FULL // 7),
                    min(FULL, max(0, lag - 7) * FULL // 21),
                    6000 if lag == 0 else FULL,
                )
            row: dict[str, int | str] = {"platform": platform, "lag": lag}
            rows.append(row | {f"s{i}": share for i, share in enumerate(shares)})
    return rows


def _approach(lag: int, first: float, keep: float) -> int:
    """A share that starts at `first` and whose rest shrinks by `keep` a day; all after 28 days."""
    rest = 1 - first
    for _ in range(lag):
        rest *= keep
    return FULL if lag >= SETTLED else int(FULL * (1 - rest))


def campaign_days(
    seed: int,
    account_id: str,
    since: date,
    until: date,
    today: date,
    day_share: float,
    moving: bool,
    keys: str = "",
) -> str:
    """One row a campaign and day of an account, as seen on its day `today`.

    `day_share` is how much of today has passed; without `moving` every day is final at once;
    `keys` is a condition on the campaign key k. Rows without delivery are left out.
    """
    seen = f"least({SETTLED}, date '{today}' - d.date)" if moving else str(SETTLED)
    conversions = ",\n".join(
        f"""case when flat then whole(base * ctr * cvr{i} * scale)
             else whole(amount(clicks * cvr{i} * fc * (1 + 0.06 * n5), draw({seed}, k, day, 1{i}))
                        * scale) end as c{i}"""
        for i in COMPONENTS
    )
    values = ",\n".join(
        f"whole(c{i} / scale * aov{i} * 1e6 / unit * (1 + 0.08 * n6)) as v{i}" for i in COMPONENTS
    )
    arrived = ",\n".join(
        f"""case when c{i} = 0 then 0 else whole(floor(c{i} * (s{i} / {FULL}.0)
             * (case when returned then 0.9 else 1 end) * passed)) end as a{i}"""
        for i in COMPONENTS
    )
    visible = ",\n".join(
        f"a{i} as c{i}, share(v{i}, ratio(a{i}, c{i})) as v{i}" for i in COMPONENTS
    )
    # Early days hold clicks that are later found to be invalid; one in ten is corrected again
    # after 18 days, in either direction; the smallest campaigns lose some days altogether.
    return f"""
select k, date, impr, clicks, links, cost, {visible}
from (
  select k, date, unit, {arrived}, {", ".join(f"c{i}, v{i}" for i in COMPONENTS)},
    whole(floor(impr * corrected)) as impr, whole(floor(clicks * corrected)) as clicks,
    whole(floor(links * corrected)) as links, whole(floor(cost * corrected)) as cost
  from (
    select *, {values},
      case when gone then 0 else passed
        * (1 + case when lag < 3 + (h >> 8) % 4 then (h % 300) / 10000.0 else 0 end
             + case when lag < 18 and h % 10 = 3 then 0.015 when lag < 18 and h % 10 = 4
                    then -0.012 else 0 end) end as corrected
    from (
      select *, {conversions},
        case when lag = 0 then {day_share} else 1 end as passed,
        lag >= 20 and h % 12 = 5 as returned,
        fragile and lag >= 12 and h % 8 = 1 as gone
      from (
        select *, least(clicks, whole(clicks * link * (1 + 0.03 * n6))) as links
        from (
          select *, least(impr, whole(amount(impr * ctr * (1 + 0.04 * n3),
                                             draw({seed}, k, day, 4)))) as clicks
          from (
            select *, whole(amount(usual * fi, draw({seed}, k, day, 2))) as impr,
              whole(usual * fs * cpm / 1000 * (1 + 0.05 * n5) * 1e6 / unit) as cost
            from (
              select c.*, d.date, d.day, {seen} as lag,
                c.base * (1 + c.growth * (d.day - c.start_day) / 365.0) * w.factor
                  * (1 + 0.07 * draw({seed}, c.k, d.day, 1)) * coalesce(hol.reach, 1) as usual,
                coalesce(i.fi, 1) as fi, coalesce(i.fs, 1) as fs,
                coalesce(i.fc, 1) * coalesce(hol.sales, 1) as fc, coalesce(i.flat, false) as flat,
                draw({seed}, c.k, d.day, 3) as n3, draw({seed}, c.k, d.day, 5) as n5,
                draw({seed}, c.k, d.day, 6) as n6, hash({seed}, c.k, d.day, 9) as h,
                s0, s1, s2, s3
              from (
                select cast(unnest(range(date '{since}', date '{until}' + 1, interval 1 day))
                         as date) as date,
                  date - date '2020-01-01' as day
              ) as d
              join campaigns as c on d.date between c.first_day and c.last_day
              join weekdays as w on w.platform = c.platform and w.weekday = isodow(d.date)
              join arrival as s on s.platform = c.platform and s.lag = {seen}
              left join incident_days as i on i.k = c.k and i.date = d.date
              left join holidays as hol on hol.country = c.country
                and hol.month = month(d.date) and hol.day = dayofmonth(d.date)
              where c.account_id = '{account_id}' and d.date <= date '{today}' {keys}
            )
          )
        )
      )
    )
  )
)
where impr > 0"""


def split(days: str, family: str, seed: int, keys: str = "") -> str:
    """Shares of campaign days: `family` is ad, ad_group or a kind of device; see table parts.

    The borders between parts move a little every day; a part gets the whole numbers between its
    two borders, so parts add up. Money follows impressions, value follows conversions.
    """

    def border(side: str) -> str:
        moves = f"(hash({seed}, d.k, d.date, p.salt, p.{side}_n) % 2001)::bigint - 1000"
        return f"p.{side} + ({moves}) * p.{side}_amp // 1000"

    column = "part" if family in ("ad", "ad_group") else "label"
    kept = "label" if column == "part" else "part"
    cut = [f"share(c{i}, f1) as h{i}, share(c{i}, f0) as l{i}" for i in COMPONENTS]
    counts = [f"h{i} - l{i} as c{i}" for i in COMPONENTS]
    values = [
        f"share(v{i}, ratio(h{i}, c{i})) - share(v{i}, ratio(l{i}, c{i})) as v{i}"
        for i in COMPONENTS
    ]
    reached = "share(impr - clicks, {0}) + share(clicks - links, {0}) + share(links, {0})"
    clicked = "share(clicks - links, {0}) + share(links, {0})"
    return f"""
select k, date, {column}, {kept}, i1 - i0 as impr,
  {clicked.format("b1")} - ({clicked.format("b0")}) as clicks,
  share(links, b1) - share(links, b0) as links, share(cost, f1) - share(cost, f0) as cost,
  {", ".join(counts)}, {", ".join(values)}
from (
  select *, {", ".join(cut)}
  from (
    select *, ratio(i1, impr) as f1, ratio(i0, impr) as f0
    from (
      select *, {reached.format("b1")} as i1, {reached.format("b0")} as i0
      from (
        select d.* exclude ({column}), p.name as {column},
          {border("lo")} as b0, {border("hi")} as b1
        from ({days}) as d
        join parts as p on p.k = d.k and p.family = '{family}' {keys}
      )
    )
  )
)
where i1 > i0"""


def facts(days: str, level: str, family: str, seed: int, parts: str = "") -> str:
    """Rows of a level (campaign, ad_group, ad), by device where `family` names one."""
    sql = f"select *, null::varchar as part, null::varchar as label from ({days})"
    if level in ("ad", "ad_group"):
        sql = split(sql, level, seed, parts)
    return split(sql, family, seed) if family else sql
