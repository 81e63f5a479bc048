"""Demo data of our own making: three platforms' exports with planted faults and known truth.

`python -m simulator.demo` writes `exports/google_ads.csv`, `exports/facebook_ads.csv`,
`exports/tiktok_ads.csv` and `truth.json`: 2 accounts a platform, 4 campaigns an account, one row a
campaign and day. The same seed gives the same bytes on every machine and Python: noise is drawn
from SHA-256, and only operations that IEEE 754 rounds exactly (+ - * / sqrt) touch it.

Each export speaks its platform's dialect. Google Ads: UTF-16 with tabs, two lines above the header
and a total below, `1,234.50`. Meta: UTF-8, commas, an empty cell for purchases that did not happen.
TikTok: UTF-8 with byte order mark, semicolons, German headers, `1.234,50`, dd/mm/yyyy, and `-`
where a campaign does not measure conversions. A campaign that is not running has no row; one that
runs but delivers nothing has a row of zeros on TikTok only.

`truth.json`: `totals` (an account's sums over its readable rows, decimal strings in account
currency), `incidents` (what was planted, where and when, both days inclusive), `lifecycle`
(campaigns that start or end inside the range: not faults) and `quarantined` (rows made unreadable,
by file and line, counted from 1; `day` is the day that the row was meant for).
"""

import argparse
import csv
import hashlib
import io
import json
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from simulator.scenario import ACCOUNTS, BROKEN, EFFECTS, INCIDENTS, Account, Campaign, Incident

SEED, DAYS, LAST = 20260928, 180, date(2026, 9, 28)
DEMO = Path(__file__).with_name("demo")
MEASURES = ("impressions", "clicks", "cost", "conversions", "conversion_value")
MONDAY_TO_SUNDAY = {
    "google_ads": (1.08, 1.06, 1.05, 1.03, 0.99, 0.88, 0.91),
    "facebook_ads": (0.97, 0.95, 0.95, 0.98, 1.02, 1.05, 1.08),
    "tiktok_ads": (0.95, 0.93, 0.94, 0.97, 1.03, 1.10, 1.08),
}


@dataclass(frozen=True)
class Day:
    """What one campaign did on one day; None where the platform does not measure it."""

    impressions: int
    clicks: int
    cost: Decimal
    conversions: Decimal | None
    conversion_value: Decimal | None


def _normal(*key: object) -> float:
    """A standard normal draw (the sum of twelve uniform ones) that depends on the key alone."""
    digest = hashlib.sha256("|".join(map(str, key)).encode()).digest()
    return sum(struct.unpack(">12H", digest[:24])) / 65536 - 6


def _count(mean: float, draw: float) -> float:
    """A Poisson-like amount: variance equal to the mean, never below zero."""
    return max(0.0, mean + math.sqrt(mean) * draw)


def _decimal(amount: float, places: int) -> Decimal:
    return Decimal(round(amount * 10**places)).scaleb(-places)


def simulate(
    seed: int, account: Account, campaign: Campaign, day: date, incident: Incident | None = None
) -> Day:
    """One day of a campaign: trend, weekday, noise of about a tenth, then the incident."""
    noise = [_normal(seed, campaign.id, day, i) for i in range(8)]
    _, reach, spend, convert = EFFECTS[incident.kind] if incident else ("", 1, 1, 1)
    trend = 1 + campaign.growth * (day - LAST + timedelta(DAYS)).days / DAYS
    season = MONDAY_TO_SUNDAY[account.platform][day.weekday()]
    usual = campaign.impressions * trend * season * (1 + 0.07 * noise[0])
    impressions = round(_count(usual * reach, noise[1]))
    clicks = round(_count(impressions * campaign.ctr * (1 + 0.04 * noise[2]), noise[3]))
    clicks = min(clicks, impressions)
    cost = _decimal(usual * spend * campaign.cpm / 1000 * (1 + 0.05 * noise[4]), account.places)
    if campaign.cvr is None:
        return Day(impressions, clicks, cost, None, None)
    sales = _count(clicks * campaign.cvr * convert * (1 + 0.06 * noise[5]), noise[6])
    conversions = _decimal(sales, 2 if account.platform == "google_ads" else 0)
    basket = campaign.order_value * (1 + 0.08 * noise[7])
    value = _decimal(float(conversions) * basket, account.places)
    if incident and incident.kind == "flat_conversions":
        first = simulate(seed, account, campaign, incident.first_day)
        conversions, value = first.conversions, first.conversion_value
    return Day(impressions, clicks, cost, conversions, value)


def _google(account: Account, campaign: Campaign, day: date, did: Day) -> list[str]:
    numbers = [f"{getattr(did, measure):,}" for measure in MEASURES]
    names = [account.id, account.name, campaign.id, campaign.name, campaign.kind]
    return [day.isoformat(), *names, account.currency, *numbers]


def _meta(account: Account, campaign: Campaign, day: date, did: Day) -> list[str]:
    names = [account.id, account.name, campaign.id, campaign.name, account.currency]
    sales = [str(did.conversions or ""), str(did.conversion_value or "")]
    numbers = [str(did.impressions), str(did.clicks), str(did.cost), *sales]
    return [day.isoformat(), day.isoformat(), *names, *numbers]


def _tiktok(account: Account, campaign: Campaign, day: date, did: Day) -> list[str]:
    values = [getattr(did, measure) for measure in MEASURES]
    german = str.maketrans(",.", ".,")
    numbers = ["-" if value is None else f"{value:,}".translate(german) for value in values]
    names = [account.id, account.name, campaign.id, campaign.name, account.currency]
    return [day.strftime("%d/%m/%Y"), *names[:4], "Auktion", names[4], *numbers]


# platform: encoding, text before the header, delimiter, line end, writer of a row, header
DIALECTS = {
    "google_ads": (
        "utf-16-le", "\ufeffCampaign report\n{first} - {last}\n", "\t", "\n", _google,
        "Day|Customer ID|Account name|Campaign ID|Campaign|Campaign type|Currency code|"
        "Impr.|Clicks|Cost|Conversions|Conv. value",
    ),
    "facebook_ads": (
        "utf-8", "", ",", "\n", _meta,
        "Reporting starts|Reporting ends|Account ID|Account name|Campaign ID|Campaign name|"
        "Currency|Impressions|Link clicks|Amount spent|Purchases|Purchases conversion value",
    ),
    "tiktok_ads": (
        "utf-8", "\ufeff", ";", "\r\n", _tiktok,
        "Datum|Konto-ID|Kontoname|Kampagnen-ID|Kampagnenname|Kaufart|Währung|"
        "Impressionen|Klicks|Kosten|Conversions|Kaufwert",
    ),
}  # fmt: skip


def _sums(days: Sequence[Day]) -> dict[str, Decimal]:
    """Sum of each measure; what is not measured adds nothing."""
    return {
        measure: sum((Decimal(getattr(did, measure) or 0) for did in days), Decimal())
        for measure in MEASURES
    }


def _rows(
    platform: str, seed: int, first: date, incidents: Iterable[Incident]
) -> Iterator[tuple[Account, Campaign, date, Day]]:
    """A platform's rows by day, account and campaign; only TikTok writes rows without delivery."""
    struck = {(incident.campaign_id, day): incident for incident in incidents for day in incident}
    accounts = [account for account in ACCOUNTS if account.platform == platform]
    for day in (first + timedelta(i) for i in range((LAST - first).days + 1)):
        for account in accounts:
            for campaign in account.campaigns:
                if campaign.first <= day <= campaign.last:
                    did = simulate(seed, account, campaign, day, struck.get((campaign.id, day)))
                    if did.impressions or platform == "tiktok_ads":
                        yield account, campaign, day, did


def generate(seed: int = SEED, days: int = DAYS) -> dict[str, bytes]:
    """The three exports and truth.json, by path below the output folder.

    The last day is always 2026-09-28 and `days` moves the first; a row depends on its own day
    only. Incidents that would be cut off are not planted.
    """
    first = LAST - timedelta(days - 1)
    incidents = [incident for incident in INCIDENTS if incident.first_day >= first]
    files: dict[str, bytes] = {}
    readable: dict[str, list[Day]] = {account.id: [] for account in ACCOUNTS}
    quarantined: list[dict[str, object]] = []
    for platform, (encoding, opening, delimiter, end, cells_of, header) in DIALECTS.items():
        path = f"exports/{platform}.csv"
        lines = [header.split("|")]
        rows = list(_rows(platform, seed, first, incidents))
        for account, campaign, day, did in rows:
            lines.append(cells_of(account, campaign, day, did))
            if (campaign.id, day) not in BROKEN:
                readable[account.id].append(did)
                continue
            column, text, reason = BROKEN[campaign.id, day]
            lines[-1][column] = text
            place = {"file": path, "line": opening.count("\n") + len(lines), "reason": reason}
            ids = {"account_id": account.id, "campaign_id": campaign.id, "day": day}
            quarantined.append({**place, "platform": platform, **ids, "column": lines[0][column]})
        if platform == "google_ads":  # currencies differ, so the platform adds up no money
            total = {**_sums([did for *_, did in rows]), "cost": "--", "conversion_value": "--"}
            numbers = [n if isinstance(n, str) else f"{n:,}" for n in total.values()]
            lines.append(["Total: Account", *[""] * 6, *numbers])
        buffer = io.StringIO()
        buffer.write(opening.format(first=first, last=LAST))
        csv.writer(buffer, delimiter=delimiter, lineterminator=end).writerows(lines)
        files[path] = buffer.getvalue().encode(encoding)
    truth = {
        "seed": seed,
        "first_day": first,
        "last_day": LAST,
        "totals": [
            {
                "platform": account.platform,
                "account_id": account.id,
                "currency": account.currency,
                "row_count": len(readable[account.id]),
                **_sums(readable[account.id]),
            }
            for account in ACCOUNTS
        ],
        "incidents": [asdict(incident) for incident in incidents],
        "lifecycle": [
            {"kind": kind, "platform": account.platform, "account_id": account.id,
             "campaign_id": campaign.id, "day": day}
            for account in ACCOUNTS
            for campaign in account.campaigns
            for kind, day in (("first_day", campaign.first), ("last_day", campaign.last))
            if first <= day <= LAST
        ],
        "quarantined": quarantined,
    }  # fmt: skip
    text = json.dumps(truth, default=str, ensure_ascii=False, indent=1) + "\n"
    return files | {"truth.json": text.encode()}


def main() -> None:
    """Write the data set below `--out`."""
    parser = argparse.ArgumentParser(description="Write the demo exports and their truth.")
    parser.add_argument("--out", type=Path, default=DEMO, help="folder to write to (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="default %(default)s")
    parser.add_argument("--days", type=int, default=DAYS, help="1 to 365, default %(default)s")
    options = parser.parse_args()
    if not 1 <= options.days <= 365:
        parser.error(f"--days is {options.days}; give a number from 1 to 365")
    for path, content in generate(options.seed, options.days).items():
        (options.out / path).parent.mkdir(parents=True, exist_ok=True)
        (options.out / path).write_bytes(content)
        print(f"{options.out / path}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
