"""Random histories of accounts, as collectors leave them in the raw tables.

Each account has a life of its own: reads and re-reads that restate, empty or delete days, fail or
are killed half-way, exports that claim the same days, renames, other currencies. What happened is
kept in words, so that an account whose figures are wrong says why.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import pyarrow as pa

DAYS = [date(2026, 5, 25) + timedelta(number) for number in range(16)]
FUTURE = date(2027, 5, 1)
START = datetime(2026, 6, 10, tzinfo=UTC)
REPORTS = ("campaign", "ad", "campaign_device")
# What a load replaces whole, by table.
KEYS = dict.fromkeys(REPORTS, ("account_id", "date")) | {
    "performance": ("source", "platform", "account_id", "grain", "part", "date"),
    **dict.fromkeys(("accounts", "campaigns", "ads", "ad_groups"), ("account_id",)),
}

Row = dict[str, Any]


class Account:
    """One account and the chance that rules its life."""

    def __init__(self, number: int, seed: int) -> None:
        self.id = f"account {number}"
        self.chance = Random(f"{seed} {number}")
        self.told: list[str] = []

    def live(self, step: int, database: duckdb.DuckDBPyConnection) -> None:
        """Let up to two things happen to the account."""
        happenings = (self._read, self._read, self._read, self._export, self._list)
        chosen = self.chance.sample(happenings, self.chance.choice((0, 1, 2)))
        for number, happen in enumerate(chosen):
            load = happen(10 * step + number)
            self.told.append(f"step {step}: {load.words}")
            load.write(database)

    def _read(self, moment: int) -> "Load":
        load = Load("google_ads", self, moment)
        first = self.chance.randrange(len(DAYS))
        days = DAYS[first : first + self.chance.choice((1, 2, 5))]
        for report in self.chance.choice((REPORTS, REPORTS, REPORTS[:1], REPORTS[1:])):
            for day in days:
                status = self.chance.choice(("loaded",) * 5 + ("empty", "failed", "forbidden"))
                rows = self._rows(report, day) if status == "loaded" else []
                if status in ("loaded", "empty"):
                    load.replace(report, {"account_id": self.id, "date": day}, rows)
                load.receipt(report, "day", day, status, rows)
        load.stop_after = self.chance.choice((None,) * 5 + (0, 1, 2, 9))
        return load

    def _rows(self, report: str, day: date) -> list[Row]:
        parts: dict[str, list[Row]] = {
            "campaign": [{}],
            "ad": [{"ad_group_id": "g", "ad_id": ad, "ad_group_name": "G"} for ad in "123"],
            "campaign_device": [{"device": device} for device in ("MOBILE", "DESKTOP")],
        }
        return [
            {
                "account_id": self.id,
                "date": day,
                "campaign_id": campaign,
                "campaign_name": f"{campaign} {self.chance.choice('xy')}",
                "advertising_channel_type": self.chance.choice(("SEARCH", "VIDEO")),
                "impressions": self.chance.randrange(1000),
                "clicks": self.chance.randrange(100),
                "cost_micros": self.chance.choice((0, 1_234_567, 7_000_001, -5)),
                "conversions": Decimal(self.chance.randrange(9)) / 3,
                "conversions_value": Decimal(self.chance.randrange(900)) / 7,
                **part,
            }
            for campaign in ("a", "b")
            for part in parts[report]
            if self.chance.random() < 0.7
        ]

    def _export(self, moment: int) -> "Load":
        load = Load("files", self, moment)
        grain = self.chance.choice(("day", "day", "week", "month"))
        source = self.chance.choice(("shop", "agency"))
        platform = self.chance.choice(("google_ads", "shop_ads"))
        currency = self.chance.choice(("EUR", "SEK", "USD", None))
        for day in self.chance.sample([*DAYS, FUTURE], 3):
            slice_of = {
                **{"source": source, "platform": platform, "account_id": self.id},
                **{"grain": grain, "part": "", "date": day},
            }
            rows = [
                {
                    **slice_of,
                    "origin": f"{grain}.csv",
                    "line": line,
                    "currency": currency,
                    "campaign_id": self.chance.choice(("a", "b", None)),
                    "campaign_name": self.chance.choice(("A", None)),
                    "ad_id": self.chance.choice(("1", None)),
                    "device": self.chance.choice(("Mobile", None)),
                    "channel": self.chance.choice(("search", "video")),
                    "impressions": self.chance.choice((None, 10, 20)),
                    "clicks": self.chance.choice((None, 3)),
                    "cost": self.chance.choice((None, Decimal("1.10"), Decimal("-2"))),
                    "conversions": Decimal(1),
                }
                for line in range(self.chance.randrange(4))
            ]
            load.replace("performance", slice_of, rows)
            status = "loaded" if rows else "empty"
            load.receipt("export", grain, day, status, rows, source, platform)
        return load

    def _list(self, moment: int) -> "Load":
        load = Load("google_ads", self, moment)
        of = {"account_id": self.id}
        name = self.chance.choice(("old", "new"))
        currency = self.chance.choice(("EUR", "SEK", "CHF", None))
        load.replace("accounts", of, [of | {"account_name": name, "currency": currency}])
        campaigns = [
            of | {"campaign_id": one, "campaign_name": name, "status": self.chance.choice("pe")}
            for one in self.chance.sample(("a", "b"), self.chance.randrange(3))
        ]
        load.replace("campaigns", of, campaigns)
        ads = [
            of
            | {"campaign_id": "a", "ad_group_id": "g", "ad_id": one, "ad_name": name, "status": "e"}
            for one in self.chance.sample("123", 2)
        ]
        load.replace("ads", of, ads)
        load.replace("ad_groups", of, [of | {"ad_group_id": "g", "ad_group_name": name}])
        return load


class Load:
    """One load of one account: slices that it replaces, receipts, and where it was killed."""

    def __init__(self, dataset: str, account: Account, moment: int) -> None:
        self.schema = f"raw_{dataset}"
        self.dataset = dataset
        self.account = account
        self.moment = START + timedelta(hours=moment)
        self.id = f"{account.id} {moment}"
        self.slices: dict[str, list[Row]] = {}
        self.rows: dict[str, list[Row]] = {}
        self.receipts: list[Row] = []
        self.stop_after: int | None = None

    def replace(self, table: str, slice_of: Row, rows: list[Row]) -> None:
        self.slices.setdefault(table, []).append(slice_of)
        self.rows.setdefault(table, []).extend(rows)

    def receipt(
        self,
        report: str,
        grain: str,
        day: date,
        status: str,
        rows: list[Row],
        source: str = "",
        platform: str = "google_ads",
    ) -> None:
        answered = status in ("loaded", "empty")
        self.receipts.append(
            {
                **{"source": source or platform, "platform": platform, "part": "", "grain": grain},
                **{"account_id": self.account.id, "report": report, "origin": report, "date": day},
                **{"status": status, "read_at": self.moment, "row_count": len(rows)},
                "clicks": sum(row["clicks"] or 0 for row in rows) if answered else None,
                "conversions": sum(row["conversions"] for row in rows) if answered else None,
            }
        )

    @property
    def words(self) -> str:
        """What it does, for a reader."""
        killed = "" if self.stop_after is None else f", killed after {self.stop_after} tables"
        return f"{self.dataset} replaces {self.slices}{killed}"

    def write(self, database: duckdb.DuckDBPyConnection) -> None:
        """Replace the slices table by table, then say so, unless killed before."""
        for number, (table, slices) in enumerate(self.slices.items()):
            if number == self.stop_after:
                return
            keys = ", ".join(KEYS[table])
            database.register("slices", pa.Table.from_pylist(slices))
            database.execute(
                f"delete from {self.schema}.{table} where ({keys}) in (select ({keys}) from slices)"
            )
            self._insert(database, table, self.rows[table])
        self._insert(database, "receipts", self.receipts)
        if self.stop_after is None:
            database.execute(
                f"insert into {self.schema}._dlt_loads by name select ? as load_id, 0 as status",
                [self.id],
            )

    def _insert(self, database: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
        if rows:
            database.register("rows", pa.Table.from_pylist(rows))
            database.execute(
                f"insert into {self.schema}.{table} by name select *, ? as _dlt_load_id from rows",
                [self.id],
            )
