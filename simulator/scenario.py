"""Who advertises in the demo, and what goes wrong there: the tables that `demo` draws from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Campaign:
    """An average day in account currency; `growth` is the relative rise over 180 days."""

    id: str
    name: str
    kind: str
    impressions: int
    ctr: float
    cpm: float
    cvr: float | None  # None: conversions are not measured
    order_value: float
    growth: float
    first: date = date.min
    last: date = date.max


@dataclass(frozen=True)
class Account:
    """An ad account; `name`s are as the platform shows them."""

    platform: str
    id: str
    name: str
    currency: str
    campaigns: tuple[Campaign, ...]

    @property
    def places(self) -> int:
        """Decimal places of the currency."""
        return 0 if self.currency == "JPY" else 2


@dataclass(frozen=True)
class Incident:
    """A planted fault; `metric` is the one in which it shows most, both days are inclusive."""

    kind: str
    platform: str
    account_id: str
    campaign_id: str
    metric: str
    first_day: date
    last_day: date
    note: str

    def __iter__(self) -> Iterator[date]:
        """Its days."""
        length = (self.last_day - self.first_day).days + 1
        return (self.first_day + timedelta(i) for i in range(length))


DE, SE, US = "482-913-5570", "615-204-8837", "104829375610482"
UK, JP, AT = "203958174620395", "7301846529017364481", "7318520046193827841"
ACCOUNTS = (
    Account("google_ads", DE, "Tern & Tarn DE", "EUR", (
        Campaign("20418830011", "DE | Search | Brand", "Search", 2400, .14, 95, .09, 82, .10),
        Campaign("20418830012", "DE | Search | Generic", "Search", 9800, .052, 62, .031, 88, .25),
        Campaign("20418830013", "DE | Shopping | All", "Shopping", 38000, .011, 5.6, .045, 74, .05),
        Campaign("20418830014", "DE | PMax", "Performance Max", 52000, .013, 8.9, .034, 79, .15),
    )),
    Account("google_ads", SE, "Tern & Tarn SE", "SEK", (
        Campaign("21590440021", "SE | Varumärke", "Search", 1600, .13, 1150, .085, 910, .1),
        Campaign("21590440022", "SE | Display", "Display", 64000, .0042, 21, .018, 840, -.1),
        Campaign("21590440023", "SE | Video | Höst", "Video", 41000, .0031, 96, .012, 800, .3,
                 first=date(2026, 7, 6)),
        Campaign("21590440024", "SE | PMax", "Performance Max", 33000, .012, 104, .05, 870, .2),
    )),
    Account("facebook_ads", US, "Tern & Tarn US", "USD", (
        Campaign("23854410010670031", "US Prospecting, all", "", 71000, .0098, 11.4, .021, 79, .2),
        Campaign("23854410010670032", "US Retargeting", "", 18500, .019, 16.8, .052, 84, .05),
        Campaign("23854410010670033", "US Advantage+", "", 94000, .0124, 9.7, .031, 81, .3),
        Campaign("23854410010670034", "US Spring sale", "", 46000, .011, 10.2, .034, 62, -.2,
                 last=date(2026, 6, 30)),
    )),
    Account("facebook_ads", UK, "Tern & Tarn UK", "GBP", (
        Campaign("23857720020810041", "UK Prospecting, fans", "", 42000, .0091, 8.6, .02, 66, .1),
        Campaign("23857720020810042", "UK Retargeting", "", 12800, .018, 12.9, .049, 70, 0),
        Campaign("23857720020810043", "UK Advantage+", "", 57000, .0118, 7.4, .029, 68, .25),
        Campaign("23857720020810044", "UK Brand awareness", "", 120000, .0021, 3.1, .004, 64, -.1),
    )),
    Account("tiktok_ads", JP, "Tern & Tarn 日本", "JPY", (
        Campaign("1802846519374850051", "JP Spark Ads", "", 88000, .0085, 420, .018, 9800, .35),
        Campaign("1802846519374850052", "JP 新商品", "", 61000, .0079, 390, .022, 10400, .1),
        Campaign("1802846519374850053", "JP Retargeting", "", 16400, .015, 610, .045, 9600, .05),
        Campaign("1802846519374850054", "JP Reach", "", 210000, .0018, 150, None, 0, .15),
    )),
    Account("tiktok_ads", AT, "Tern & Tarn AT", "EUR", (
        Campaign("1809137264058190061", "AT Spark Ads", "", 47000, .0088, 4.9, .019, 71, .3),
        Campaign("1809137264058190062", "AT Catalogue", "", 36500, .0094, 4.2, .035, 69, .15),
        Campaign("1809137264058190063", "AT Retargeting", "", 11200, .016, 6.7, .043, 73, 0),
        Campaign("1809137264058190064", "AT Hüttenwochen", "", 29000, .0071, 4.4, .016, 67, .1),
    )),
)  # fmt: skip

# kind: metric, factors on impressions, on cost and on conversions a click
EFFECTS: dict[str, tuple[str, float, float, float]] = {
    "spend_spike": ("cost", 3.8, 4.2, 0.4),
    "tracking_outage": ("conversions", 1, 1, 0),
    "delivery_stop": ("impressions", 0, 0, 0),
    "cpm_jump": ("cpm", 0.35, 1.1, 1),
    "flat_conversions": ("conversions", 1, 1, 1),
}
PLANTED = (
    ("tracking_outage", US, "23854410010670033", "2026-06-16", 3, "the pixel is gone: empty cells"),
    ("flat_conversions", SE, "21590440024", "2026-06-23", 4, "an import repeats its first day"),
    ("spend_spike", DE, "20418830012", "2026-07-14", 2, "the daily budget was lifted"),
    ("delivery_stop", UK, "23857720020810042", "2026-07-21", 3, "no row at all on these days"),
    ("cpm_jump", AT, "1809137264058190061", "2026-08-04", 3, "the same money buys a third"),
    ("tracking_outage", DE, "20418830013", "2026-08-11", 3, "the tag is gone: zeros"),
    ("delivery_stop", JP, "1802846519374850051", "2026-08-24", 3, "rows full of zeros"),
    ("flat_conversions", AT, "1809137264058190062", "2026-09-01", 4, "an import repeats itself"),
    ("cpm_jump", US, "23854410010670031", "2026-09-08", 4, "the same money buys a third"),
    ("spend_spike", UK, "23857720020810041", "2026-09-26", 1, "a budget typed wrong"),
)
PLATFORM_OF = {account.id: account.platform for account in ACCOUNTS}
INCIDENTS = tuple(
    Incident(kind, PLATFORM_OF[account_id], account_id, campaign_id, EFFECTS[kind][0],
             date.fromisoformat(day), date.fromisoformat(day) + timedelta(days - 1), note)
    for kind, account_id, campaign_id, day, days, note in PLANTED
)  # fmt: skip

# (campaign, day): column of the export, text that replaces it, reason
BROKEN = {
    ("20418830014", date(2026, 6, 30)): (0, "2026-06-31", "unreadable_date"),
    ("23857720020810043", date(2026, 5, 19)): (9, "#REF!", "unreadable_number"),
    ("23854410010670032", date(2026, 8, 6)): (2, "", "missing_account_id"),
    ("1809137264058190063", date(2026, 7, 9)): (9, "7,5,21", "unreadable_number"),
}
