"""The basic pipeline: read accounts, build the marts, publish, ask.

    python docs/examples/basic_pipeline.py

It reads simulated Google Ads and Meta accounts over HTTP, so no credentials are needed; with your
own (README.md, docs/google_ads.md) leave the simulator out. Data go to CAMPAIGNS_DATA_DIR, or to
`data/`.
"""

import os
from datetime import timedelta

from api import Reports
from ingestion.contract import Window
from pipeline.build import build
from pipeline.collect import collect, collectors
from pipeline.publish import publish
from pipeline.settings import Folder
from simulator.server import Simulator

DAYS = 60

folder = Folder().prepare()
with Simulator(scale="tiny") as simulator:
    os.environ |= simulator.environment | {"NO_PROXY": "127.0.0.1"}
    until = simulator.control.now - timedelta(1)
    window = Window(until - timedelta(DAYS - 1), until)
    outcomes = collect(collectors(["google_ads", "facebook_ads"]), window, folder)

build(folder)  # dbt: models and their tests; a failed test stops here
publish(folder)  # readers see the new snapshot from now on

report = Reports.open(folder.path).query(
    metrics=["impressions", "clicks", "cost", "roas"], by=["platform"], totals=True
)
for row in report.to_pylist():
    print(f"{row['platform']}: {row['cost']:,.2f} {report.currency}, roas {row['roas']:.2f}")
print(f"total: {report.totals['cost']:,.2f} {report.currency}" if report.totals else "")
for note in report.coverage["notes"]:
    print(note)
