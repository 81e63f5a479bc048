"""Advanced: what is unusual, what to do about it, and what it rests on.

    python docs/examples/insights.py

It needs a published snapshot: run `make demo` or docs/examples/basic_pipeline.py first.
"""

import json

from api import Reports
from pipeline.publish import reading
from pipeline.settings import Folder

folder = Folder()
reports = Reports.open(folder.path)

# Where the money went, and whether it did better than in the days before.
report = reports.query(
    metrics=["cost", "roas"],
    by=["campaign"],
    order_by=["-cost"],
    limit=5,
    compare="previous_period",
)
print(f"The dearest campaigns, {report.start} to {report.end}")
for row in report.to_pylist():
    change = row["roas_change"]
    told = "" if change is None else f" ({change:+.0%})"
    print(
        f"  {row['campaign_name']}: {row['cost']:,.0f} {report.currency}, "
        f"roas {row['roas']:.2f}{told}"
    )

# Findings are tables like all others: SQL decides, and anybody can read how.
with reading(folder) as snapshot:
    flagged = snapshot.sql(
        "select date_day, campaign_name, metric, value, expected, anomaly_kind "
        "from marts.fct_campaign_anomalies where is_anomaly and campaign_name is not null "
        "order by money_at_stake desc nulls last, date_day, campaign_name, metric limit 5"
    ).fetchall()
    insights = snapshot.sql(
        "select title, recommendation, impact_amount, evidence from marts.fct_insights "
        "order by impact_amount desc nulls last, insight_id limit 3"
    ).fetchall()

print("The dearest anomalies")
for day, campaign, metric, value, expected, kind in flagged:
    print(f"  {day} {campaign}: {metric} {kind}, {value:,.4g} and not {expected:,.4g}")

print("What to do")
for title, recommendation, impact, evidence in insights:
    amount = "" if impact is None else f" (about {impact:,.0f} {report.currency})"
    print(f"  {title}{amount}: {recommendation}")
    print(f"    because of {', '.join(json.loads(evidence))}")
