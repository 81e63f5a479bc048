"""Every fault that the simulator knows, by itself and all at once: the truth, or why it is not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from ingestion.facebook_ads import FacebookAds
from ingestion.facebook_pages import Pages
from ingestion.http import Patience
from pipeline.cli import app
from pipeline.settings import Folder
from pipeline.status import lines, read_status
from simulator.faults import FAULTS, ONE_ACCOUNT, VICTIMS
from simulator.server import Simulator
from simulator.world import ANCHOR
from tests.ingestion.accounts_bench import COLLECTORS, Accounts, prepare, running, text_files

GOOGLE, META = COLLECTORS
SINCE = ANCHOR - timedelta(12)
# What passes, heals or is let through: afterwards the raw tables are the truth.
HARMLESS = {
    GOOGLE: (
        "cut_stream:5",
        "error_on_stream",
        "error_mid_stream",
        "quota_429",
        "token_expires",
        "server_500:3",
        "server_500:rate=0.1",
        "unknown_enum",
        "new_field",
        "slow",
    ),
    META: (
        "token_expires",
        "server_500:3",
        "server_500:rate=0.1",
        "page_500",
        "page_repeated",
        "empty_page_with_next",
        "reduce_data",
        "reduce_data:days=10",
        "throttle_80000",
        "async_running_100",
        "async_not_ready",
        "async_failed",
        "async_skipped",
        "async_stuck",
        "async_not_found_33",
        "unknown_enum",
        "new_field",
        "new_action_type",
        "evil_next",
        "slow",
    ),
}
# What nobody who asks as the collectors do ever meets: Google's pages, Meta's last cursor.
UNMET = {GOOGLE: ("expired_page_token",), META: ("last_page_cursor",)}
# What cannot be read: what becomes of the days, and the remedy that `campaigns status` names.
REFUSED = {
    GOOGLE: {
        "forbidden_account": ("forbidden", "set LOGIN_CUSTOMER_ID"),
        "disabled_account": ("forbidden", "enable it again"),
        "revoked": ("forbidden", "make a new refresh token"),
        "dead_refresh_token": ("forbidden", "make a new one"),
        "retired_version": ("failed", "set API_VERSION"),
        "missing_field": ("failed", "cost_micros"),
    },
    META: {
        "forbidden_account": ("forbidden", "ads_read"),
        "disabled_account": ("forbidden", "settle what disabled it"),
        "revoked": ("forbidden", "set ACCESS_TOKEN"),
        "retired_version": ("failed", "API_VERSION"),
        "missing_field": ("failed", "spend"),
    },
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running() as simulator:
        simulator.control.page_size = 50
        yield simulator


@pytest.fixture
def accounts(
    request: pytest.FixtureRequest,
    simulator: Simulator,
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
) -> Accounts:
    """A platform of which twelve days are read, in pages so small that there are several."""
    pages = FacebookAds.pages

    def small(platform: FacebookAds, patience: Patience) -> Pages:
        return replace(pages(platform, patience), limit=100)

    monkeypatch.setattr(FacebookAds, "pages", small)
    return prepare(request.param, simulator, folder, monkeypatch, SINCE)


def collect(*platforms: str) -> tuple[int, str]:
    """Run `campaigns collect` in this process: its exit code and what it said."""
    done = CliRunner().invoke(app, ["collect", *platforms])
    return done.exit_code, done.output


def struck(accounts: Accounts) -> list[object]:
    """How often each fault that is switched on struck."""
    return [spec["struck"] for spec in accounts.simulator.control.faults.specs()]


def cases(faults: dict) -> list:
    """Pairs of a platform and a fault, as parameters."""
    return [pytest.param(p, f, id=f"{p}-{f}") for p, specs in faults.items() for f in specs]


def test_no_fault_is_forgotten() -> None:
    """Every fault has its case on each platform that it concerns."""
    told = {
        (platform, spec.partition(":")[0])
        for kind in (HARMLESS, UNMET, REFUSED)
        for platform, specs in kind.items()
        for spec in specs
    }
    assert {name for _, name in told} == set(FAULTS)
    for name, (_, _, meaning) in FAULTS.items():
        owner = {"Google": (GOOGLE,), "Meta": (META,)}.get(meaning.partition(":")[0])
        for platform in owner or ():
            assert (platform, name) in told


@pytest.mark.parametrize(("accounts", "fault"), cases(HARMLESS), indirect=["accounts"])
def test_a_fault_that_passes_leaves_the_truth(accounts: Accounts, fault: str) -> None:
    accounts.fault(fault)
    code, said = collect(accounts.platform)
    assert code == 0, said
    assert all(struck(accounts))
    accounts.assert_truth()


@pytest.mark.parametrize(("accounts", "fault"), cases(UNMET), indirect=["accounts"])
def test_some_faults_are_never_met(accounts: Accounts, fault: str) -> None:
    accounts.fault(fault)
    assert collect(accounts.platform)[0] == 0
    assert struck(accounts) == [0]
    accounts.assert_truth()


@pytest.mark.parametrize("accounts", [GOOGLE, META], indirect=True)
def test_all_faults_at_once_leave_the_truth(accounts: Accounts) -> None:
    accounts.fault(*(fault for fault in HARMLESS[accounts.platform] if "days" not in fault))
    code, said = collect(accounts.platform)
    assert code == 0, said
    accounts.assert_truth()


@pytest.mark.parametrize(("accounts", "fault"), cases(REFUSED), indirect=["accounts"])
def test_what_cannot_be_read_is_told_and_is_no_zero(accounts: Accounts, fault: str) -> None:
    everyone = fault not in (*ONE_ACCOUNT, "missing_field")
    lost = accounts.ids if everyone else [one for one in accounts.ids if one in VICTIMS]
    accounts.fault(fault if everyone else f"{fault}:account={lost[0]}")
    code, said = collect(accounts.platform)
    assert code == (1 if everyone else 3), said
    assert f"{len(lost)} could not be read; `campaigns status` names them" in said

    status, remedy = REFUSED[accounts.platform][fault]
    told = [line for line in lines(read_status(accounts.folder)) if line.startswith("not read")]
    assert [line.split(": ")[2] for line in told] == lost
    assert all(remedy in line for line in told), told
    days = accounts.rows(
        "select account_id, status, count(distinct (report, date)) from receipts "
        f"where account_id in ({', '.join(lost)}) group by all order by all"
    )
    assert days == [(one, status, 12 * 4) for one in lost]
    assert not accounts.rows(f"select * from campaign where account_id in ({', '.join(lost)})")
    if not everyone:
        accounts.assert_truth([one for one in accounts.ids if one not in lost])


@pytest.mark.parametrize("accounts", [GOOGLE, META], indirect=True)
def test_access_that_comes_back_fills_the_gap_and_access_that_goes_leaves_what_was_read(
    accounts: Accounts,
) -> None:
    accounts.fault("forbidden_account")
    assert collect(accounts.platform)[0] == 3
    accounts.simulator.control.faults.clear()
    assert collect(accounts.platform)[0] == 0
    accounts.assert_truth()
    accounts.fault("revoked")
    assert collect(accounts.platform)[0] == 1
    accounts.assert_truth()


@pytest.mark.parametrize("accounts", [GOOGLE, META], indirect=True)
def test_no_secret_is_written_or_said_whatever_happens(accounts: Accounts) -> None:
    control = accounts.simulator.control
    control.require_proof = True
    accounts.fault("server_500:3", "evil_next", "throttle_80000", "forbidden_account", "cut_stream")
    _, said = collect(accounts.platform)
    accounts.fault("revoked", "dead_refresh_token")
    said += collect(accounts.platform)[1]
    written = text_files(accounts.folder.path) + said.encode()
    assert b"Tern & Tarn" in written
    for secret in (
        *(control.refresh_token, control.client_secret),
        *(control.access_token, control.app_secret),
        "ya29.simulated",
        "appsecret_proof=",
    ):
        assert secret.encode() not in written
