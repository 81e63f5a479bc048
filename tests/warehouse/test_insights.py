"""Insights on the demo, where it is known what was planted, and the catalogue as a whole."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from pipeline.publish import snapshot_path
from pipeline.settings import PROJECT, Folder
from simulator.truth import incidents
from simulator.world import World
from tests.demo import run

INTERMEDIATE = PROJECT / "models" / "intermediate" / "insights"
LOUD = ("tracking_outage", "budget_overspend", "spend_spike", "delivery_stop")
# What the simulator never does: its campaigns convert, follow their spend and keep their price.
NEVER = (
    "wasted_spend",
    "cpa_drift",
    "marginal_return_falling",
    "creative_fatigue",
    "cannibalised_campaign",
    "duplicate_campaign",
    "missing_exchange_rate",
    "restated_figures",
)
TEXTS = ("title", "explanation", "recommendation", "what_would_change_it")


@pytest.fixture
def snapshot(demo: Folder) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, with what was planted in a table of the session."""
    world = World()
    with duckdb.connect(str(snapshot_path(demo)), read_only=True) as database:
        database.register("given", incidents(world))
        database.execute("create temp table planted as from given where campaign_id is not null")
        yield database
    world.close()


@pytest.fixture(scope="module")
def rules() -> list[dict[str, str]]:
    with (PROJECT / "seeds" / "insight_rules.csv").open(newline="") as seed:
        return list(csv.DictReader(seed))


def test_every_loud_fault_leads_to_an_insight(snapshot: duckdb.DuckDBPyConnection) -> None:
    found = snapshot.execute(
        """
        select kind, planted.campaign_id, count(insight_id)
        from planted left join marts.fct_insights as i
            on i.rule in ('tracking_outage', 'anomaly_incident')
            and i.platform = planted.platform
            and i.account_id in (planted.account_id, '__all__')
            and i.campaign_id in (planted.campaign_id, '__all__')
            and i.first_day <= planted.last_day and i.date_day >= planted.first_day
        where kind in ? group by all
        """,
        [LOUD],
    ).fetchall()
    assert {kind for kind, *_ in found} == set(LOUD)
    assert [row for row in found if not row[2]] == []


def test_an_outage_of_one_campaign_is_called_so(snapshot: duckdb.DuckDBPyConnection) -> None:
    [(planted, named)] = snapshot.execute(
        """
        select count(distinct planted), count(distinct case when rule = 'tracking_outage'
            then planted end)
        from planted left join marts.fct_insights using (platform, account_id, campaign_id)
        where kind = 'tracking_outage'
        """
    ).fetchall()
    assert planted == named


def test_calm_campaigns_are_left_alone(snapshot: duckdb.DuckDBPyConnection) -> None:
    """No rule speaks of what never happens; of calm campaigns no incident is loud."""
    counted = dict(
        snapshot.execute("select rule, count(*) from marts.fct_insights group by all").fetchall()
    )
    assert {rule: counted[rule] for rule in NEVER if rule in counted} == {}
    [(calm, loud, dearest)] = snapshot.execute(
        """
        with calm as (
            select platform, account_id, campaign_id from marts.dim_campaign
            where platform in ('google_ads', 'facebook_ads')
            except select platform, account_id, campaign_id from planted
        )
        select (select count(*) from calm), count(case when severity != 'info' then 1 end),
                max(impact_amount)
        from marts.fct_insights join calm using (platform, account_id, campaign_id)
        """
    ).fetchall()
    assert calm > 15
    assert loud == 0
    assert dearest is None or dearest < 500


def test_texts_are_sentences_with_their_figures(snapshot: duckdb.DuckDBPyConnection) -> None:
    rows = snapshot.execute(
        f"select rule, impact_amount, evidence, {', '.join(TEXTS)} from marts.fct_insights"
    ).fetchall()
    assert len(rows) > 10
    for rule, impact, evidence, title, *sentences in rows:
        assert isinstance(json.loads(evidence), dict), rule
        for text in (title, *sentences):
            assert not re.search(r"null|none|nan\b|[{}]", text, re.IGNORECASE), text
        assert all(text[0].isupper() and text.endswith(".") for text in sentences), rule
        if impact is not None and rule in ("tracking_outage", "anomaly_incident"):
            assert f"{impact:,.2f} USD" in sentences[0]


def test_ids_are_the_same_in_every_build(
    demo: Folder, snapshot: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    shutil.copy(demo.warehouse, tmp_path / "warehouse.duckdb")
    target = ("--quiet", "--target-path", str(tmp_path / "dbt"))
    models = ("path:models/intermediate/insights", "fct_insights")
    done = run(tmp_path, "dbt.cli.main", "run", *target, "--select", *models)
    assert done.returncode == 0, done.stdout
    snapshot.execute(f"attach '{tmp_path / 'warehouse.duckdb'}' as again (read_only)")
    for one, other in (("marts", "again.marts"), ("again.marts", "marts")):
        differ = f"select * from {one}.fct_insights except all select * from {other}.fct_insights"
        assert snapshot.execute(differ).fetchall() == []


def test_every_rule_is_documented_and_tested(rules: list[dict[str, str]]) -> None:
    named = {rule["rule"] for rule in rules}
    models = {
        path.stem.removeprefix("int_insights_") for path in INTERMEDIATE.glob("int_insights_*.sql")
    }
    assert models == named
    documented = (PROJECT / "models" / "marts" / "decisions" / "_insights.md").read_text()
    for rule in named:
        [text] = re.findall(rf"^\*\*{rule}\*\*.*$", documented, re.MULTILINE)
        assert all(f"{part}: " in text for part in ("Example", "Reason", "Remedy")), rule
    tests = yaml.safe_load((INTERMEDIATE / "_insights__unit_tests.yml").read_text())["unit_tests"]
    assert {f"int_insights_{rule}" for rule in named} <= {test["model"] for test in tests}


def test_a_rule_yields_only_to_rules_that_there_are(rules: list[dict[str, str]]) -> None:
    named = {rule["rule"] for rule in rules}
    assert {word for rule in rules for word in rule["yields_to"].split()} < named
