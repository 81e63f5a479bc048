"""Every reason for which a row is held has its example, why and remedy in the docs."""

import re

from pipeline.settings import PROJECT


def test_every_reason_is_documented() -> None:
    rules = (PROJECT / "macros" / "quarantine_details.sql").read_text()
    parser = (PROJECT / "ingestion" / "parse.py").read_text()
    rates = (PROJECT / "ingestion" / "exchange_rates.py").read_text()
    reasons = set(re.findall(r"^ {8}'(\w+)':", rules, re.MULTILINE))
    words = r"[\"']((?:unreadable|unmapped|not_a|missing|broken)_\w+)[\"']"
    reasons |= set(re.findall(words, parser))
    of_rates = set(re.findall(r"(?:reason(?:, detail)? ?= ?|None, )\"(\w+)\"", rates))
    documented = (PROJECT / "docs" / "quarantine.md").read_text()
    assert len(reasons) == 14 and len(of_rates) > 5
    assert [one for one in sorted(reasons) if f"| `{one}` |" not in documented] == []
    documented = (PROJECT / "docs" / "exchange_rates.md").read_text()
    assert [one for one in sorted(of_rates) if f"| `{one}` |" not in documented] == []
