"""Specs: a mistake is one line that says where it stands and what was probably meant."""

from pathlib import Path

import pytest

from ingestion.spec import json_schema, load_spec
from pipeline.errors import CampaignsError, UsageError
from pipeline.settings import PROJECT
from tests.conftest import EXAMPLES

GOOD = """
name: shop
files: shop.csv
constants: {platform: google_ads, account_id: a1}
columns: {date: Day, campaign_name: Campaign, clicks: Clicks, cpc: Avg CPC}
computed: {cost: clicks * cpc}
"""


def spec_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shop.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("name: shop", "nam: shop", "'name' is missing"),
        ("files: shop.csv", "fils: shop.csv", "'files' is missing"),
        (
            "name: shop",
            "name: shop\ngrian: day",
            "'grian' is no key of a spec; did you mean 'grain'?",
        ),
        ("clicks: Clicks", "clicsk: Clicks", "did you mean 'clicks'?"),
        ("date: Day, ", "", "'date' is missing"),
        ("account_id: a1", "account: a1", "did you mean 'account_id'?"),
        ("clicks * cpc", "cpc * price", "'cpc * price' does not work"),
        ("cost: clicks", "costs: clicks", "did you mean 'cost'?"),
        ("name: shop", "name: My Shop", "name: String should match pattern"),
        ("name: shop", "name: shop\ngrain: hour", "'day', 'week' or 'month'"),
        ("name: shop", "name: shop\nformat: {encoding: utf-61}", "'utf-61' is no encoding"),
        ("name: shop", "name: shop\nnumber_format: {decimal: ',', thousands: ','}", "both ','"),
        ("cpc: Avg CPC", "cpc: {colum: Avg CPC}", "did you mean 'column'?"),
        ("name: shop", "name: shop\nskip_lines: '('", "is no regular expression"),
        ("name: shop", "name: [", "is no YAML"),
    ],
)
def test_mistakes_are_told_in_a_line(tmp_path: Path, wrong: str, right: str, told: str) -> None:
    path = spec_of(tmp_path, GOOD.replace(wrong, right, 1))
    with pytest.raises(CampaignsError) as error:
        load_spec(path)
    assert told in str(error.value)
    assert "shop.yml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_good_spec_loads(tmp_path: Path) -> None:
    spec = load_spec(spec_of(tmp_path, GOOD))
    assert spec.helpers == ["cpc"]
    assert spec.report == "campaign"


def test_a_missing_spec_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such spec"):
        load_spec(tmp_path / "none.yml")


def test_files_may_name_an_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_EXPORTS", "/exports")
    text = GOOD.replace("shop.csv", "${MY_EXPORTS}/shop.csv")
    assert load_spec(spec_of(tmp_path, text)).files == ["/exports/shop.csv"]


def test_the_editors_schema_is_of_this_language() -> None:
    committed = (PROJECT / "ingestion" / "spec.schema.json").read_text(encoding="utf-8")
    assert committed == json_schema(), "run: python -m ingestion.spec > ingestion/spec.schema.json"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yml")), ids=lambda path: path.stem)
def test_examples_are_valid(path: Path) -> None:
    assert load_spec(path).name == path.stem
