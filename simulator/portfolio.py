"""Who advertises in the simulated accounts: accounts, campaigns, ad groups, ads, planted faults.

Everything is drawn from the seed with SHA-256, so the same seed gives the same portfolio on every
machine. Days are counted from `anchor`, the day on which the simulation starts: a campaign that is
renamed two days later is renamed for those who look again then.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

GOOGLE, META = "google_ads", "facebook_ads"
UNITS = 1 << 20  # shares of a campaign are counted in 2^-20
FAR = date(2199, 12, 31)


@dataclass(frozen=True)
class Account:
    """An ad account; `granularity` is the smallest amount of money that it books, in micros."""

    platform: str
    id: str
    name: str
    currency: str
    time_zone: str
    country: str
    money: float  # local units a dollar, roughly
    granularity: int


@dataclass(frozen=True)
class Campaign:
    """An average day, in account currency; `growth` is the relative rise over a year.

    `cvr` and `order_value` hold four components. Google: purchases, sign-ups, calls, none. Meta:
    purchases 1 day after the click, 2-7 days, 8-28 days after it, 1 day after the view.
    """

    key: int
    account: Account
    ordinal: int
    id: str
    name: str
    channel: str
    impressions: float
    ctr: float
    cpm: float
    cvr: tuple[float, float, float, float]
    order_value: tuple[float, float, float, float]
    growth: float
    ad_groups: int
    ads: int
    first_day: date = date.min
    last_day: date = FAR
    removed_on: date = FAR
    renamed_on: date = FAR
    new_name: str = ""
    fragile: bool = False  # so small that all its clicks of a day may turn out to be invalid

    @property
    def budget_micros(self) -> int:
        """Daily budget: a fifth above the usual spend, in whole units of the currency."""
        return (1 + round(self.impressions * self.cpm / 1000 * 1.2)) * 1_000_000


class Ad(NamedTuple):
    """One ad in one ad group; the same `id` may stand in two groups."""

    key: int
    campaign_key: int
    group_key: int
    group_id: str
    group_name: str
    id: str
    name: str


class Incident(NamedTuple):
    """A planted fault; both days are inclusive; a holiday has no campaign."""

    kind: str
    platform: str
    account_id: str
    campaign_id: str | None
    metric: str
    first_day: date
    last_day: date
    note: str


@dataclass(frozen=True)
class Scale:
    """How much there is: campaigns an account, ad groups a campaign, ads a group, days before."""

    google_campaigns: int = 5
    meta_campaigns: int = 3
    ad_groups: int = 2
    ads: int = 2
    days: int = 180

    @classmethod
    def named(cls, text: "str | int | Scale") -> "Scale":
        """`small` (30 campaigns), `medium`, `large` (10 million ad-days), or a number of ad-days.

        Raises ValueError for anything else.
        """
        if isinstance(text, Scale):
            return text
        if text in SCALES:
            return SCALES[str(text)]
        if not str(text).isdigit() or int(text) < 1:
            raise ValueError(f"scale is {text!r}; give {', '.join(SCALES)} or a number of ad-days")
        campaigns = round(int(text) / 365 / 4 / 12 / 1.6) or 1
        return cls(max(5, campaigns), max(3, campaigns * 4 // 5), 3, 4, 365)


SCALES = {
    "tiny": Scale(5, 3, 2, 2, 45),
    "small": Scale(),
    "medium": Scale(20, 12, 3, 4, 365),
    "large": Scale(100, 60, 4, 12, 373),
}

MANAGER, SUB_MANAGER = "4815162342", "4815162398"
ACCOUNTS = (
    Account(GOOGLE, "5103948271", "Tern & Tarn US", "USD", "America/New_York", "US", 1, 1),
    Account(GOOGLE, "5103948272", "Tern & Tarn DE", "EUR", "Europe/Berlin", "DE", 0.9, 1),
    Account(GOOGLE, "5103948273", "Tern & Tarn SE", "SEK", "Europe/Stockholm", "SE", 10, 10_000),
    Account(GOOGLE, "5103948274", "Tern & Tarn 日本", "JPY", "Asia/Tokyo", "JP", 150, 1_000_000),
    Account(
        META, "203948175620391", "Tern & Tarn US", "USD", "America/Los_Angeles", "US", 1, 10**4
    ),
    Account(META, "203948175620392", "Tern & Tarn DE", "EUR", "Europe/Berlin", "DE", 0.9, 10**4),
    Account(META, "203948175620393", "Tern & Tarn SE", "SEK", "Europe/Stockholm", "SE", 10, 10**4),
    Account(META, "203948175620394", "Tern & Tarn 日本", "JPY", "Asia/Tokyo", "JP", 150, 10**6),
)

# kind: average day of a campaign (impressions, click rate, cost a thousand in dollars, conversion
# rate, order value in dollars)
PROFILES = {
    "SEARCH": (5200, 0.071, 58.0, 0.046, 84.0),
    "DISPLAY": (61000, 0.0045, 2.3, 0.017, 70.0),
    "VIDEO": (43000, 0.0034, 8.6, 0.011, 66.0),
    "SHOPPING": (36000, 0.012, 6.1, 0.041, 76.0),
    "PERFORMANCE_MAX": (48000, 0.0125, 9.1, 0.035, 80.0),
    "OUTCOME_SALES": (67000, 0.0121, 10.2, 0.029, 79.0),
    "OUTCOME_TRAFFIC": (82000, 0.0148, 6.4, 0.009, 64.0),
    "OUTCOME_AWARENESS": (140000, 0.0031, 3.4, 0.006, 61.0),
}
CHANNELS = {GOOGLE: tuple(PROFILES)[:5], META: tuple(PROFILES)[5:]}
NAMES = {
    "SEARCH": "Search | Brand “Tern”", "DISPLAY": "Display", "VIDEO": "Video | Höst",
    "SHOPPING": 'Shopping | "All"', "PERFORMANCE_MAX": "PMax", "OUTCOME_SALES": "Sales, Advantage+",
    "OUTCOME_TRAFFIC": "Traffic / 新商品", "OUTCOME_AWARENESS": "Reach\\Awareness",
}  # fmt: skip

# kind: metric, factors on impressions, on cost and on conversions
EFFECTS = {
    "spend_spike": ("cost", 3.8, 4.2, 0.4),
    "tracking_outage": ("conversions", 1, 1, 0),
    "delivery_stop": ("impressions", 0, 0, 0),
    "cpm_jump": ("cpm", 0.35, 1.1, 1),
    "flat_conversions": ("conversions", 1, 1, 1),
    "budget_overspend": ("cost", 1.6, 1.9, 1),
}
# kind, account, campaign, first day counted from the anchor, days, note
PLANTED = {
    GOOGLE: (
        ("flat_conversions", 1, 3, -80, 5, "an import repeats itself"),
        ("tracking_outage", 0, 3, -70, 3, "the tag is gone"),
        ("cpm_jump", 0, 4, -62, 4, "the same money buys a third"),
        ("spend_spike", 1, 0, -50, 2, "the daily budget was lifted"),
        ("delivery_stop", 2, 0, -45, 3, "no row at all on these days"),
        ("budget_overspend", 2, 4, -25, 12, "spends nearly twice its budget"),
        ("tracking_outage", 3, 4, -5, 3, "the tag is gone"),
        ("spend_spike", 0, 0, -2, 1, "a budget typed wrong"),
    ),
    META: (
        ("flat_conversions", 0, 2, -85, 5, "an import repeats itself"),
        ("tracking_outage", 0, 0, -66, 3, "the pixel is gone"),
        ("cpm_jump", 3, 2, -58, 4, "the same money buys a third"),
        ("spend_spike", 1, 0, -48, 2, "the daily budget was lifted"),
        ("delivery_stop", 2, 1, -43, 3, "no row at all on these days"),
        ("budget_overspend", 2, 0, -24, 12, "spends nearly twice its budget"),
        ("spend_spike", 3, 1, -2, 1, "a budget typed wrong"),
    ),
}
# country, month, day: factors on impressions and cost, on conversions; name
HOLIDAYS = {
    ("US", 7, 4): (0.8, 0.7, "Independence Day"),
    ("US", 11, 26): (0.9, 0.9, "Thanksgiving"),
    ("US", 11, 27): (1.9, 1.5, "Black Friday"),
    ("US", 12, 25): (0.6, 0.5, "Christmas Day"),
    ("DE", 10, 3): (0.85, 0.8, "Tag der Deutschen Einheit"),
    ("DE", 12, 25): (0.6, 0.5, "Erster Weihnachtstag"),
    ("SE", 6, 19): (0.6, 0.5, "Midsommarafton"),
    ("SE", 12, 24): (0.5, 0.4, "Julafton"),
    ("JP", 5, 4): (1.2, 0.8, "緑の日"),
    ("JP", 9, 21): (1.15, 0.9, "敬老の日"),
}


def uniform(*key: object) -> float:
    """A number in [0, 1) that depends on the key alone."""
    digest = hashlib.sha256("|".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:6]) / (1 << 48)


def campaigns(seed: int, scale: Scale, anchor: date) -> Iterator[Campaign]:
    """All campaigns of all accounts, with what happens to them in their lives."""
    key = 0
    for account in ACCOUNTS:
        google = account.platform == GOOGLE
        position = [a for a in ACCOUNTS if a.platform == account.platform].index(account)
        count = scale.google_campaigns if google else scale.meta_campaigns
        kinds = CHANNELS[account.platform]
        for ordinal in range(count + (position == 3)):
            fragile = ordinal == count
            channel = kinds[1] if fragile else kinds[ordinal % len(kinds)]
            base, ctr, cpm, cvr, order = PROFILES[channel]
            size = 0.7 + 0.6 * uniform(seed, key, "size")
            money = account.money * (0.9 + 0.2 * uniform(seed, key, "money"))
            parts = (0.8, 0.4, 0.1, 0.0) if google else (0.55, 0.2, 0.1, 0.15)
            values = (order, 5.0, 0.0, 0.0) if google else (order,) * 4
            # The first campaigns of the first two Google accounts have the same id.
            number_of = 0 if google and position == 1 and ordinal == 0 else key
            number = f" {ordinal // len(kinds) + 1:03}" if ordinal >= len(kinds) else ""
            name = "Test" if fragile else f"{NAMES[channel]}{number}"
            campaign = Campaign(
                key=key,
                account=account,
                ordinal=ordinal,
                id=str((20_418_830_000 if google else 23_854_410_010_670_000) + number_of),
                name=f"{account.country} | {name}",
                channel=channel,
                impressions=9.0 if fragile else base * size,
                ctr=0.2 if fragile else ctr,
                cpm=cpm * money,
                cvr=tuple(cvr * part for part in parts),  # ty: ignore[invalid-argument-type]
                order_value=tuple(v * money for v in values),  # ty: ignore[invalid-argument-type]
                growth=0.5 * uniform(seed, key, "growth") - 0.1,
                ad_groups=0 if channel == "PERFORMANCE_MAX" else 1 if fragile else scale.ad_groups,
                ads=1 if fragile else scale.ads,
                fragile=fragile,
            )
            yield _live(campaign, position, anchor)
            key += 1


def _live(campaign: Campaign, position: int, anchor: date) -> Campaign:
    """Start, pause, removal and renaming of the campaigns chosen for them."""

    def on(days: int) -> date:
        return anchor + timedelta(days)

    if campaign.ordinal > 4 or campaign.fragile:
        return campaign
    match position, campaign.ordinal:
        case 0, 2:
            return replace(campaign, renamed_on=on(-40), new_name=f"{campaign.name} (2026)")
        case 0, 1:
            return replace(campaign, renamed_on=on(2), new_name=f"{campaign.name} – neu")
        case 1, 1:
            return replace(campaign, last_day=on(-30))
        case 1, 2:
            return replace(campaign, last_day=on(0), removed_on=on(1))
        case 2, 2:
            return replace(campaign, last_day=on(-20), removed_on=on(-15))
        case 3, 0:
            return replace(campaign, first_day=on(-60))
    return campaign


def ads(campaign: Campaign) -> Iterator[Ad]:
    """A campaign's ads; in the first campaign of an account one ad stands in two groups."""
    google = campaign.account.platform == GOOGLE
    # Google's first account has ids above 2^53, which a float cannot hold; Meta's always are.
    first = (
        (1 << 53) + 1 if campaign.key < 5 else 712_000_000_000 if google else 238_600_300_000_000
    )
    shared = campaign.ordinal == 0 and google
    for group in range(campaign.ad_groups):
        group_key = campaign.key * 10_000 + group
        group_id = str((150_000_000_000 if google else 23_855_520_020_000_000) + group_key)
        for number in range(campaign.ads):
            same = shared and number == 0
            key = campaign.key * 10_000 + group * campaign.ads + number
            ad_id = first + campaign.key * 10_000 if same else first + key
            ad_id = ad_id if google else ad_id * 100 + 41
            name = f"Ad {number + 1}" if same else f"Ad {group + 1}.{number + 1}"
            yield Ad(key, campaign.key, group_key, group_id, f"Group {group + 1}", str(ad_id), name)


def incidents(seed: int, all_campaigns: Sequence[Campaign], anchor: date) -> Iterator[Incident]:
    """The planted faults; in large portfolios one campaign in ten has one more."""
    by_place = {(c.account.id, c.ordinal): c for c in all_campaigns}
    for platform, planted in PLANTED.items():
        accounts = [account for account in ACCOUNTS if account.platform == platform]
        for kind, account, ordinal, start, days, note in planted:
            campaign = by_place[accounts[account].id, ordinal]
            yield _incident(kind, campaign, anchor + timedelta(start), days, note)
    kinds = tuple(EFFECTS)
    for campaign in all_campaigns:
        if campaign.ordinal > 6 and not campaign.fragile and campaign.key % 10 == 0:
            start = -100 + int(95 * uniform(seed, campaign.key, "start"))
            kind = kinds[int(len(kinds) * uniform(seed, campaign.key, "kind"))]
            yield _incident(kind, campaign, anchor + timedelta(start), 3, "planted at random")


def _incident(kind: str, campaign: Campaign, first: date, days: int, note: str) -> Incident:
    last = first + timedelta(days - 1)
    account = campaign.account
    return Incident(
        kind, account.platform, account.id, campaign.id, EFFECTS[kind][0], first, last, note
    )
