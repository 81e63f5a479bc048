"""The real collectors against simulated accounts whose truth is known, through the command line."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.publish import snapshot_path
from pipeline.settings import Folder
from simulator.server import Simulator
from tests.demo import campaigns

TODAY = date(2026, 9, 20)
SINCE = date(2026, 8, 1)
SUMS = "sum(impressions), sum(clicks), sum({cost}), sum(conversions), sum({value}), count(*)"


def settings(simulator: Simulator, today: date) -> dict[str, str]:
    """Settings of both platforms, the clock included."""
    start = {f"SOURCES__{name}__START_DATE": str(SINCE) for name in ("GOOGLE_ADS", "FACEBOOK_ADS")}
    return simulator.environment | start | {"CAMPAIGNS_TODAY": str(today)}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(seed=7, scale="tiny", today=TODAY) as running:
        yield running


@pytest.fixture(scope="module")
def collected(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("platforms")
    done = campaigns(data, "run", "--no-site", **settings(simulator, TODAY))
    assert done.returncode == 0, done.stderr
    return data


def raw(data: Path) -> dict[tuple[str, str], tuple]:
    """Sums by platform and account as they stand in the raw tables, money in account currency."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as database:
        rows = database.execute(
            "select 'google_ads', account_id, sum(impressions), sum(clicks), "
            "sum(cast(cost_micros as decimal(20, 0)) * 0.000001), sum(conversions), "
            "sum(conversions_value), count(*) from raw_google_ads.campaign group by all "
            "union all select 'facebook_ads', account_id, sum(impressions), "
            "sum(inline_link_clicks), sum(spend), sum(conversions), sum(conversion_value), "
            "count(*) from raw_facebook_ads.campaign group by all"
        ).fetchall()
    return {row[:2]: row[2:] for row in rows}


def truth(simulator: Simulator, today: date) -> dict[tuple[str, str], tuple]:
    """The same sums as the simulator knows them on a day."""
    simulated = simulator.world.truth(today, "campaign")
    with duckdb.connect() as database:
        database.register("truth", simulated)
        rows = database.execute(
            f"select platform, account_id, {SUMS.format(cost='cost', value='conversion_value')} "
            "from truth where date between ? and ? group by all",
            [SINCE, today - timedelta(days=1)],
        ).fetchall()
    return {row[:2]: row[2:] for row in rows}


def test_raw_equals_the_truth(simulator: Simulator, collected: Path) -> None:
    assert raw(collected) == truth(simulator, TODAY)


def test_marts_equal_the_truth(
    simulator: Simulator, collected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(collected))
    with duckdb.connect(str(snapshot_path(Folder())), read_only=True) as database:
        sums = SUMS.format(cost="cost_local", value="conversion_value_local")
        rows = database.execute(
            f"select platform, account_id, {sums} from marts.fct_campaign_daily group by all"
        ).fetchall()
    assert {row[:2]: row[2:] for row in rows} == truth(simulator, TODAY)


def test_no_secret_is_left_anywhere(simulator: Simulator, collected: Path) -> None:
    names = ("REFRESH_TOKEN", "CLIENT_SECRET", "ACCESS_TOKEN", "APP_SECRET")
    secrets = [
        value.encode()
        for name, value in simulator.environment.items()
        if name.endswith(names) and value
    ]
    assert len(secrets) >= 3
    for path in collected.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret in content], path


@pytest.mark.parametrize("days", [3, 20])
def test_reading_again_later_is_exact_and_asks_for_the_lookback_only(
    simulator: Simulator, collected: Path, days: int
) -> None:
    later = TODAY + timedelta(days=days)
    simulator.control.today = later
    done = campaigns(collected, "collect", **settings(simulator, later))
    assert done.returncode == 0, done.stderr
    assert raw(collected) == truth(simulator, later)
    assert str(SINCE) not in done.stderr


def test_a_forbidden_account_is_named_and_never_looks_like_zero(tmp_path: Path) -> None:
    with Simulator(seed=7, scale="tiny", today=TODAY, faults=["forbidden_account"]) as simulator:
        done = campaigns(tmp_path, "run", "--no-site", **settings(simulator, TODAY))
    assert done.returncode == 3, done.stderr
    status = campaigns(tmp_path, "status").stdout
    assert "not read: google_ads" in status
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as database:
        told = database.execute(
            "select platform, account_id, count(*), count(distinct date_day) "
            "from ops.fct_coverage where status = 'forbidden' and report = 'campaign' group by all"
        ).fetchall()
        known = database.execute(
            "select distinct platform, account_id from marts.fct_campaign_daily"
        ).fetchall()
    assert {platform for platform, *_ in told} == {"google_ads", "facebook_ads"}
    assert not {row[:2] for row in told} & set(known)
    assert len(known) == 6


def test_dead_credentials_of_one_platform_do_not_stop_the_other(tmp_path: Path) -> None:
    with Simulator(seed=7, scale="tiny", today=TODAY, faults=["dead_refresh_token"]) as simulator:
        environment = settings(simulator, TODAY)
        done = campaigns(tmp_path, "collect", **environment)
        alone = campaigns(tmp_path / "alone", "collect", "google_ads", **environment)
    assert done.returncode == 3, done.stderr
    assert alone.returncode == 1, alone.stderr
    assert environment["SOURCES__GOOGLE_ADS__REFRESH_TOKEN"] not in done.stderr + alone.stderr


def test_check_lists_the_accounts_reached(simulator: Simulator, tmp_path: Path) -> None:
    for platform in ("google_ads", "facebook_ads"):
        done = campaigns(tmp_path, "check", platform, **settings(simulator, TODAY))
        assert done.returncode == 0, done.stderr
        ids = json.loads(
            simulator.environment[
                "SOURCES__GOOGLE_ADS__CUSTOMER_IDS"
                if platform == "google_ads"
                else "SOURCES__FACEBOOK_ADS__ACCOUNT_IDS"
            ]
        )
        assert all(number in done.stdout for number in ids)
        assert "SEK" in done.stdout
