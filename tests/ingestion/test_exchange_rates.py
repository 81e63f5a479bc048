"""Exchange rates: both layouts come out exact, and what holds no rate is kept with its reason."""

import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ingestion.contract import Window
from ingestion.exchange_rates import ExchangeRates
from ingestion.load import Outcome, load
from pipeline.collect import collectors
from pipeline.errors import CampaignsError, UsageError

ECB = """Date,USD,JPY,SEK,CYP,
2026-01-05,1.25,160.00,11.2500,N/A,
2026-01-02,N/A,159.10,11.2000,N/A,
"""


def collect(
    folder: Path, text: str | bytes, name: str = "rates.csv", full_refresh: bool = False
) -> Outcome:
    """Write a file and load it."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(ExchangeRates(path), Window(full_refresh=full_refresh), folder, lambda _: None)


def rows(folder: Path, query: str) -> list[tuple]:
    """Query the raw dataset."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as database:
        return database.execute(f"use raw_exchange_rates; {query}").fetchall()


RATES = "select date, currency, rate_to_usd from rates order by all"
HELD = "select line, reason from quarantine order by all"


def test_rates_to_the_dollar_are_read(tmp_path: Path) -> None:
    text = (
        "\ufeffcurrency,date,rate_to_usd\neur,2026-01-02,1.0931\nJPY,2026-01-02,0.00681234567891\n"
    )
    outcome = collect(tmp_path, text)
    assert (outcome.units, outcome.rows, outcome.quarantined) == (1, 2, 0)
    assert rows(tmp_path, RATES) == [
        (date(2026, 1, 2), "EUR", Decimal("1.0931")),
        (date(2026, 1, 2), "JPY", Decimal("0.006812345679")),
    ]


def test_reference_rates_go_by_way_of_the_dollar(tmp_path: Path) -> None:
    outcome = collect(tmp_path, ECB)
    assert (outcome.rows, outcome.quarantined) == (3, 1)
    assert rows(tmp_path, RATES) == [
        (date(2026, 1, 5), "EUR", Decimal("1.25")),
        (date(2026, 1, 5), "JPY", Decimal("0.0078125")),
        (date(2026, 1, 5), "SEK", Decimal("0.111111111111")),
    ]
    assert rows(tmp_path, HELD) == [(3, "no_dollar_rate")]


def test_the_daily_file_and_its_archive_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        archive.writestr("eurofxref.csv", "Date, USD, JPY, \n05 January 2026, 1.25, 160.00, \n")
    collect(tmp_path, (tmp_path / "made.zip").read_bytes(), "eurofxref.zip")
    assert rows(tmp_path, RATES) == [
        (date(2026, 1, 5), "EUR", Decimal("1.25")),
        (date(2026, 1, 5), "JPY", Decimal("0.0078125")),
    ]


def test_what_holds_no_rate_is_kept_with_its_reason(tmp_path: Path) -> None:
    lines = ["date,currency,rate_to_usd", "2026-13-01,EUR,1", "2026-01-01,Euro,1"]
    lines += ["2026-01-01,EUR,0", "2026-01-01,SEK,x", "2026-01-01,USD,2", "2026-01-01"]
    lines += [
        "2026-01-02,GBP,1.3",
        "2026-01-02,GBP,1.4",
        "2026-01-02,CHF,1.1",
        "2026-01-02,CHF,1.1",
    ]
    outcome = collect(tmp_path, "\n".join(lines))
    assert (outcome.rows, outcome.quarantined) == (1, 8)
    assert rows(tmp_path, HELD) == [
        (2, "unreadable_date"),
        (3, "unknown_currency"),
        (4, "unreadable_number"),
        (5, "unreadable_number"),
        (6, "dollar_is_not_one"),
        (7, "unreadable_row"),
        (8, "rates_disagree"),
        (9, "rates_disagree"),
    ]
    assert rows(tmp_path, RATES) == [(date(2026, 1, 2), "CHF", Decimal("1.1"))]


def test_a_newer_file_corrects_and_adds_and_full_refresh_forgets(tmp_path: Path) -> None:
    header = "date,currency,rate_to_usd\n"
    collect(tmp_path, f"{header}2026-01-01,EUR,1.1\n2026-01-02,EUR,\n")
    newer = f"{header}2026-01-02,EUR,1.2\n2026-01-03,EUR,1.3\n"
    assert collect(tmp_path, newer).units == 1
    assert [row[2] for row in rows(tmp_path, RATES)] == [
        Decimal("1.1"),
        Decimal("1.2"),
        Decimal("1.3"),
    ]
    assert rows(tmp_path, HELD) == []
    assert collect(tmp_path, newer).units == 0
    collect(tmp_path, newer, full_refresh=True)
    assert [row[2] for row in rows(tmp_path, RATES)] == [Decimal("1.2"), Decimal("1.3")]


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CampaignsError, match=r"missing\.csv cannot be read"):
        load(ExchangeRates(tmp_path / "missing.csv"), Window(), tmp_path, lambda _: None)
    with pytest.raises(CampaignsError, match="the header should be"):
        collect(tmp_path, "day,rate\n")


def test_rates_come_with_every_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="EXCHANGE_RATES__PATH"):
        collectors(["exchange_rates"])
    monkeypatch.setenv("SOURCES__EXCHANGE_RATES__PATH", str(tmp_path / "rates.csv"))
    for sources in ([], ["exchange_rates"]):
        assert [one.name for one in collectors(sources)] == ["exchange_rates"]
    assert [one.name for one in collectors(["google_ads"])] == ["google_ads", "exchange_rates"]
