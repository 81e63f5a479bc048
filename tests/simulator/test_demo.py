"""The demo exports, read here by the csv module alone, against the truth that comes with them."""

import csv
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import demo

MEASURES = ("impressions", "clicks", "cost", "conversions", "conversion_value")
# encoding, delimiter, lines up to the header, date format, column of account and campaign id
LAYOUT = {
    "google_ads": ("utf-16", "\t", 3, "%Y-%m-%d", 1, 3),
    "facebook_ads": ("utf-8", ",", 1, "%Y-%m-%d", 2, 4),
    "tiktok_ads": ("utf-8-sig", ";", 1, "%d/%m/%Y", 1, 3),
}
PLATFORMS = sorted(LAYOUT)


@dataclass(frozen=True)
class Row:
    """One readable row: measures in account currency, None where the export has no value."""

    account_id: str
    campaign_id: str
    day: date
    values: dict[str, Decimal | None]


def number(text: str, platform: str) -> Decimal | None:
    """A cell of the export; None for an empty one or '-'; InvalidOperation when unreadable."""
    if platform == "google_ads":
        text = text.replace(",", "")
    if platform == "tiktok_ads":
        text = text.replace(".", "").replace(",", ".")
    return None if text in ("", "-") else Decimal(text)


def lines(files: dict[str, bytes], platform: str) -> list[str]:
    """The lines of an export; line n is item n - 1."""
    return files[f"exports/{platform}.csv"].decode(LAYOUT[platform][0]).splitlines()


def read(files: dict[str, bytes], platform: str) -> tuple[list[Row], dict[int, str]]:
    """The readable rows of an export, and why the others are not, by line."""
    _, delimiter, header, date_format, account, campaign = LAYOUT[platform]
    rows, unreadable = [], {}
    text = lines(files, platform)
    for line, cells in enumerate(csv.reader(text[header:], delimiter=delimiter), header + 1):
        if cells[0].startswith("Total"):
            continue
        try:
            day = datetime.strptime(cells[0], date_format).date()
            numbers = [number(cell, platform) for cell in cells[-5:]]
        except InvalidOperation:
            unreadable[line] = "unreadable_number"
        except ValueError:
            unreadable[line] = "unreadable_date"
        else:
            if cells[account]:
                values = dict(zip(MEASURES, numbers, strict=True))
                rows.append(Row(cells[account], cells[campaign], day, values))
            else:
                unreadable[line] = "missing_account_id"
    return rows, unreadable


def truth_of(files: dict[str, bytes]) -> dict[str, Any]:
    return json.loads(files["truth.json"])


def check_totals(files: dict[str, bytes]) -> None:
    """Truth's totals are the sums of the rows that can be read."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for platform in PLATFORMS:
        for row in read(files, platform)[0]:
            found[row.account_id]["row_count"] += 1
            for measure, value in row.values.items():
                found[row.account_id][measure] += value or 0
    stated = {total["account_id"]: total for total in truth_of(files)["totals"]}
    assert stated.keys() >= found.keys()
    for account_id, total in stated.items():
        for measure in ("row_count", *MEASURES):
            assert Decimal(total[measure]) == found[account_id][measure], (account_id, measure)


def check_rows(files: dict[str, bytes]) -> None:
    """No row twice, no negative, no click without impression, no sale without click."""
    for platform in PLATFORMS:
        rows = read(files, platform)[0]
        assert len({(row.account_id, row.campaign_id, row.day) for row in rows}) == len(rows)
        for row in rows:
            impressions, clicks, cost, conversions, value = row.values.values()
            assert impressions is not None and clicks is not None and cost is not None
            assert 0 <= clicks <= impressions, row
            assert 0 <= (conversions or 0) <= clicks, row
            assert cost >= 0 and bool(value) == bool(conversions), row


@cache
def committed() -> dict[str, bytes]:
    return {path: (demo.DEMO / path).read_bytes() for path in demo.generate(days=1)}


def test_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "simulator.demo", "--out", tmp_path], check=True)
    for path, content in committed().items():
        assert (tmp_path / path).read_bytes() == content, path
    assert sum(map(len, committed().values())) < 900_000


def test_truth_totals_and_rows() -> None:
    check_totals(committed())
    check_rows(committed())


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**63), days=st.integers(1, 40))
def test_any_seed_keeps_the_identities(seed: int, days: int) -> None:
    files = demo.generate(seed, days)
    assert files == demo.generate(seed, days)
    check_totals(files)
    check_rows(files)


def test_another_seed_is_another_data_set_and_a_shorter_range_is_its_end() -> None:
    assert demo.generate(1, 3) != demo.generate(2, 3)
    longer, shorter = (lines(demo.generate(5, days), "facebook_ads") for days in (9, 4))
    assert shorter[1:] == longer[-len(shorter) + 1 :]


def test_days_out_of_range_are_wrong_usage(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator.demo", "--days", "0", "--out", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2 and "from 1 to 365" in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_quarantined_lines_are_where_truth_says(platform: str) -> None:
    path = f"exports/{platform}.csv"
    stated = [row for row in truth_of(committed())["quarantined"] if row["file"] == path]
    assert stated
    assert read(committed(), platform)[1] == {row["line"]: row["reason"] for row in stated}
    for row in stated:
        assert row["campaign_id"] in lines(committed(), platform)[row["line"] - 1]


def test_dialects() -> None:
    content = {platform: committed()[f"exports/{platform}.csv"] for platform in PLATFORMS}
    assert content["google_ads"].startswith(b"\xff\xfe")
    assert content["tiktok_ads"].startswith(b"\xef\xbb\xbf") and b"\r\n" in content["tiktok_ads"]
    assert content["facebook_ads"].startswith(b"Reporting starts,")
    assert b'"US Prospecting, all"' in content["facebook_ads"]
    google = lines(committed(), "google_ads")
    assert google[:2] == ["Campaign report", "2026-04-02 - 2026-09-28"]
    footer = google[-1].split("\t")
    assert footer[0] == "Total: Account" and footer[9] == "--"
    written = sum(Decimal(line.split("\t")[8].replace(",", "")) for line in google[3:-1])
    assert Decimal(footer[8].replace(",", "")) == written
    yen = [row for row in read(committed(), "tiktok_ads")[0] if row.account_id.startswith("7301")]
    assert all(row.values["cost"] == int(row.values["cost"] or 0) for row in yen)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_spec_names_columns_of_its_export(platform: str) -> None:
    spec = yaml.safe_load((demo.DEMO / f"{platform}.yml").read_text(encoding="utf-8"))
    named = {c["column"] if isinstance(c, dict) else c for c in spec["columns"].values()}
    _, delimiter, header, date_format, *_ = LAYOUT[platform]
    assert named <= set(lines(committed(), platform)[header - 1].split(delimiter))
    assert spec["files"] == f"exports/{platform}.csv" and spec["date_format"] == date_format
    accounts = {row.account_id for row in read(committed(), platform)[0]}
    assert accounts == set(spec["columns"]["time_zone"]["values"])


def incidents() -> list[Any]:
    found = truth_of(committed())["incidents"]
    return [pytest.param(one, id=f"{one['kind']}-{one['campaign_id']}") for one in found]


def test_every_kind_is_planted_and_no_campaign_twice() -> None:
    found = truth_of(committed())["incidents"]
    kinds = ["cpm_jump", "delivery_stop", "flat_conversions", "spend_spike", "tracking_outage"]
    assert sorted({one["kind"] for one in found}) == kinds
    assert len({one["campaign_id"] for one in found}) == len(found)


@pytest.mark.parametrize("incident", incidents())
def test_incident_is_plain_to_see(incident: dict[str, str]) -> None:
    """Against the median of the four weeks before, on each of its days and on no day beside it."""
    rows = {
        row.day: {measure: float(value or 0) for measure, value in row.values.items()}
        for row in read(committed(), incident["platform"])[0]
        if row.campaign_id == incident["campaign_id"]
    }
    first, last = (date.fromisoformat(incident[key]) for key in ("first_day", "last_day"))
    length = (last - first).days + 1
    assert 1 <= length <= 4
    nothing = dict.fromkeys(MEASURES, 0.0)
    days = [rows.get(first + timedelta(i), nothing) for i in range(length)]
    before = [rows[first - timedelta(i)] for i in range(1, 29)]
    beside = [before[0], *(rows[day] for day in [last + timedelta(1)] if day in rows)]

    def ratio(day: dict[str, float], over: str, under: str | None = None) -> float:
        def value(of: dict[str, float]) -> float:
            return of[over] / of[under] if under else of[over]

        return value(day) / statistics.median(map(value, before))

    match incident["kind"]:
        case "spend_spike":
            assert all(ratio(day, "cost") > 3 for day in days)
            assert all(ratio(day, "cost") < 1.6 for day in beside)
        case "cpm_jump":
            assert all(ratio(day, "cost", "impressions") > 2.2 for day in days)
            assert all(ratio(day, "cost", "impressions") < 1.3 for day in beside)
        case "delivery_stop":
            assert days == [nothing] * length
            assert all(day["impressions"] for day in beside)
        case "tracking_outage":
            assert all(day["conversions"] == day["conversion_value"] == 0 for day in days)
            assert all(ratio(day, "clicks") > 0.6 for day in days)
            assert min(day["conversions"] for day in before) > 5
        case "flat_conversions":
            assert len({(day["conversions"], day["conversion_value"]) for day in days}) == 1
            assert len({day["clicks"] for day in days}) == length > 3
            assert min(day["conversions"] for day in before) > 3
