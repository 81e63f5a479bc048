"""A GAQL query as SQL whose rows are the JSON texts of Google Ads rows."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from simulator.facts import COMPONENTS, MEASURES
from simulator.gaql import DATE_SEGMENTS, Condition, GaqlError, Query
from simulator.google_fields import (
    ACTIONS,
    BUCKETS,
    METRICS,
    OF_ACTIONS,
    RESOURCES,
    SEGMENTS,
    Customer,
    Field,
    Options,
    attributes,
    check,
)
from simulator.portfolio import Account
from simulator.wire import SEPARATOR, Tree, camel, joined, literal, object_parts
from simulator.world import Moment, World

ACTION_SQL = " union all ".join(
    f"select {n} as component, '{number}' as action_id, '{name}' as action_name, "
    f"'{category}' as action_category"
    for n, (number, name, category) in enumerate(ACTIONS)
)
MONTHS_KEPT = 37


class Plan:
    """A checked query: its field mask, the days it asks for, and the SQL of its rows.

    Raises GaqlError for what the platform refuses.
    """

    def __init__(
        self, world: World, customer: Customer, query: Query, now: Moment, options: Options
    ) -> None:
        self.world, self.customer, self.query, self.now = world, customer, query, now
        self.options = options
        if query.resource not in RESOURCES:
            message = f"Error in query: '{query.resource}' is not a valid resource."
            raise GaqlError("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", message)
        self.known = attributes(customer.account, customer.card)
        if options.unknown_enum:
            self.known["campaign.advertising_channel_type"] = Field(
                "case when c.k % 3 = 0 then 'UNKNOWN' else c.channel end", "enum"
            )
        self.named = [
            *query.fields,
            *(c.name for c in query.conditions),
            *(n for n, _ in query.order),
        ]
        for name in self.named:
            check(name, query.resource, self.known)
        self._check_clauses()
        self.segments = [n.split(".")[1] for n in query.fields if n.startswith("segments.")]
        self.metrics = [n.split(".")[1] for n in query.fields if n.startswith("metrics.")]
        self.is_report = any(n.startswith(("metrics.", "segments.")) for n in self.named)
        if any(n.startswith("metrics.") for n in self.named) and customer.account is None:
            raise GaqlError(
                "REQUESTED_METRICS_FOR_MANAGER",
                "Metrics cannot be requested for a manager account. To retrieve metrics, issue "
                "separate requests against each client account under the manager account.",
            )
        self.today = world.today(customer.account, now)[0] if customer.account else _day(now)
        self.dates = query.dates(self.today)
        self._check_dates()
        self.mask = ",".join(".".join(camel(p) for p in n.split(".")) for n in query.fields)

    def sql(self) -> Iterator[str]:
        """Queries whose rows, one after the other, are the answer's rows."""
        if not self.is_report or self.customer.account is None:
            yield self._entity_rows()
            return
        if self.dates is None:
            self.dates = (self.world.first_day, self.today)
        plain = all(name == "segments.date" for name, _ in self.query.order)
        down = any(down for _, down in self.query.order)
        whole = "date" not in self.segments or not plain or self.query.limit
        spans = [self.dates] if whole else list(
            self.world.spans(self.customer.account, *self.dates, self._level)
        )  # fmt: skip
        for since, until in reversed(spans) if down else spans:
            yield self._report_rows(self.customer.account, since, until)

    @property
    def _level(self) -> str:
        return {"ad_group_ad": "ad", "ad_group": "ad_group"}.get(self.query.resource, "campaign")

    def _check_clauses(self) -> None:
        chosen = set(self.query.fields)
        for condition in self.query.conditions:
            name = condition.name
            if name.startswith("segments.") and name not in (*DATE_SEGMENTS, *chosen):
                raise GaqlError(
                    "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
                    f"The following field must be present in SELECT clause: '{name}'.",
                )
        for name, _ in self.query.order:
            if name not in chosen and not name.startswith(f"{self.query.resource}."):
                raise GaqlError(
                    "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE",
                    f"The following field must be present in SELECT clause: '{name}'.",
                )
        by_action = any(name.startswith("segments.conversion_action") for name in chosen)
        for name in chosen:
            if by_action and name.startswith("metrics.") and name.split(".")[1] not in OF_ACTIONS:
                raise GaqlError(
                    "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE",
                    "Cannot select or filter on the following segments with metric "
                    f"'{name}': 'segments.conversion_action'.",
                )

    def _check_dates(self) -> None:
        daily = {"segments.date", "segments.week", "segments.day_of_week"} & set(self.named)
        if (
            any(f"segments.{name}" in self.query.fields for name in ("date", "week"))
            and not self.dates
        ):
            raise GaqlError("EXPECTED_FILTERS_ON_DATE_RANGE",
                            "The query selects a date segment and must filter it.")  # fmt: skip
        if self.dates and daily and self.dates[0] < _months_before(self.today, MONTHS_KEPT):
            raise GaqlError(
                "REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED",
                f"Daily data reaches back {MONTHS_KEPT} months only.",
                "dateRangeError",
            )

    def _entities(self) -> str:
        """SQL of the entities with `head`, the JSON text of their attributes."""
        source = {
            "customer": "select 0 as k, null as part",
            "customer_client": f"select level as k, * from ({_values(self.customer.clients)})",
            "conversion_action": f"select component as k, * from ({ACTION_SQL})",
        }.get(self.query.resource, "")
        if self.query.resource == "conversion_action" and self.customer.account is None:
            source += " where false"
        if not source:
            account = self.customer.account
            source = f"({self.world.entities(account, self.now)}) as c" if account else (
                "(select *, '' as status, '' as channel from campaigns where false) as c"
            )  # fmt: skip
            if self.query.resource == "ad_group_ad":
                source += " join ads as a on a.k = c.k"
            elif self.query.resource == "ad_group":
                source += (
                    " join (select k, grp as part, any_value(group_id) as group_id,"
                    " any_value(group_name) as group_name, min(key) as key from ads"
                    " group by k, grp) as a on a.k = c.k"
                )
            part = "a.part" if self._level != "campaign" else "null::varchar"
            columns = f"c.k, {part} as part"
        else:
            columns, source = "k, null::varchar as part", f"({source})"
        kept = [self._condition(c, self.known[c.name]) for c in self.query.conditions
                if c.name in self.known]  # fmt: skip
        orders = "".join(
            f", {_sortable(self.known[name])} as o{n}"
            for n, (name, _) in enumerate(self.query.order)
            if name in self.known
        )
        where = f" where {' and '.join(kept)}" if kept else ""
        return f"select {columns}, {self._head()} as head{orders} from {source}{where}"

    def _head(self) -> str:
        """The attributes' JSON, without the braces around it; each object has its resourceName."""
        own = self.query.resource
        tree: Tree = {}
        names = [n for n in self.query.fields if n in self.known]
        touched = dict.fromkeys([*(n.split(".")[0] for n in names), own])
        for resource in touched:
            names = [f"{resource}.resource_name", *names]
        if any(n.startswith("ad_group_ad.ad.") for n in names):
            names = ["ad_group_ad.resource_name", "ad_group_ad.ad.resource_name", *names]
        for name in names:
            place = tree
            *path, last = (camel(part) for part in name.split("."))
            for part in path:
                deeper = place.setdefault(part, {})
                assert isinstance(deeper, dict)
                place = deeper
            if name != self.options.missing:
                place.setdefault(last, (self.known[name].json(), self.known[name].nullable))
        if self.options.new_field:
            tree["aiOverview"] = {"resourceName": ("""'"aiOverviews/1"'""", False),
                                  "score": ("0.5::varchar", False)}  # fmt: skip
        return joined(object_parts(tree, 2, self.options.indent))

    def _order(self, default: str) -> str:
        items = [
            f"{self._order_column(n, name)} {'desc' if down else 'asc'}"
            for n, (name, down) in enumerate(self.query.order)
        ]
        limit = f" limit {self.query.limit}" if self.query.limit else ""
        return f" order by {', '.join([*items, default])}{limit}"

    def _order_column(self, number: int, name: str) -> str:
        if name in self.known:
            return f"o{number}"
        kind, _, rest = name.partition(".")
        return self._unit(METRICS[rest].sql if kind == "metrics" else SEGMENTS[rest].sql)

    def _entity_rows(self) -> str:
        lead = literal("    " if self.options.indent else "")
        return (
            f"select {lead} || head || {literal(SEPARATOR)} from ({self._entities()})"
            f"{self._order('k, part')}"
        )

    def _report_rows(self, account: Account, since: date, until: date) -> str:
        family = "device" if "device" in self.segments else ""
        sql = self.world.facts(account, since, until, self.now, self._level, family)
        by_action = any(s.startswith("conversion_action") for s in self.segments)
        if by_action:
            zeros = ", ".join(f"0 as {m}" for m in ("impr", "clicks", "links", "cost"))
            sql = " union all ".join(
                f"select k, date, part, label, {n} as component, {zeros}, "
                + ", ".join(f"{x}{i} * {int(i == n)} as {x}{i}" for x in "cv" for i in COMPONENTS)
                + f" from ({sql})"
                for n in range(len(ACTIONS))
            )
            sql = f"select * from ({sql}) join ({ACTION_SQL}) using (component)"
        dated = [s for s in self.segments if s in ("date", "day_of_week", *BUCKETS)]
        single = self.query.resource == "customer"
        if single or "date" not in dated:
            keys = [
                "k",
                "part",
                "label",
                *(["action_id", "action_name", "action_category"] * by_action),
            ]
            bucket = next(
                (BUCKETS[s] for s in ("week", "month", "quarter", "year") if s in dated), ""
            )
            day = "date" if {"date", "day_of_week"} & set(dated) else (
                f"date_trunc('{bucket}', date)::date" if bucket else "null::date"
            )  # fmt: skip
            sums = ", ".join(f"sum({m})::bigint as {m}" for m in MEASURES)
            key = "0 as k" if single else "k"
            sql = f"select * exclude (k, date), {key}, {day} as date from ({sql})"
            sql = f"select {', '.join(keys)}, date, {sums} from ({sql}) group by all"
        tree: Tree = {}
        if self.metrics:
            tree["metrics"] = {
                camel(m): (self._field(METRICS[m]).json(), False)
                for m in dict.fromkeys(self.metrics)
                if f"metrics.{m}" != self.options.missing
            }
        if self.segments:
            tree["segments"] = {
                camel(s): (self._field(SEGMENTS[s]).json(), False)
                for s in dict.fromkeys(self.segments)
            }
        indent = self.options.indent
        # An object's text inside another: a comma in place of the opening brace.
        tail = object_parts(tree, 2, indent)
        tail[0] = "','" if tree else "''"
        end = 6 if indent else 1
        zero = " + ".join(f"abs({self._field(METRICS[m]).sql})" for m in self.metrics) or "impr"
        outer = "" if self.segments else "left "
        wanted = [f"({zero}) <> 0"] if self.segments else []
        wanted += [
            self._condition(c, self._field(METRICS[c.name.split(".")[1]]))
            for c in self.query.conditions
            if c.name.startswith("metrics.")
        ]
        wanted += [
            self._condition(c, self._field(SEGMENTS[c.name.split(".")[1]]))
            for c in self.query.conditions
            if c.name.startswith("segments.") and c.name not in DATE_SEGMENTS
        ]
        counts = ", ".join(f"coalesce(f.{m}, 0) as {m}" for m in MEASURES)
        rest = ", f.label" + (", f.action_id, f.action_name, f.action_category" * by_action)
        match = "f.k = e.k" if self._level == "campaign" else "f.k = e.k and f.part = e.part"
        head = f"substr(head, 1, length(head) - {end})"
        where = f" where {' and '.join(wanted)}" if wanted else ""
        row = joined([literal("    " if indent else ""), "head", *tail, literal(SEPARATOR)])
        return (
            f"with e as materialized (select * replace ({head} as head) from ({self._entities()})) "
            f"select {row} from (select * from (select e.*, f.date{rest}, {counts} "
            f"from e {outer}join ({sql}) as f on {match}){where}"
            f"{self._order('date, k, part, label' + ', action_id' * by_action)})"
        )

    def _field(self, field: Field) -> Field:
        return field._replace(sql=self._unit(field.sql))

    def _unit(self, sql: str) -> str:
        unit = self.customer.account.granularity if self.customer.account else 1
        return sql.replace("{unit}", str(unit)).replace("{id}", self.customer.id)

    def _condition(self, condition: Condition, field: Field) -> str:
        sql = f"({_sortable(field)})"
        scale = 1e6 if field.kind == "double" and "per(" not in field.sql else 1
        numeric = field.kind in ("int64", "double")
        values = [_number(v, scale) if numeric else literal(v) for v in condition.values]
        if field.kind == "bool":
            values = [v.strip("'").lower() for v in values]
        match condition.operator:
            case "IN" | "NOT IN" as operator:
                return f"{sql} {operator} ({', '.join(values)})"
            case "BETWEEN":
                return f"{sql} between {values[0]} and {values[1]}"
            case "IS NULL" | "IS NOT NULL" as operator:
                return f"{sql} {operator}"
            case "=" | "!=" | "<" | ">" | "<=" | ">=" | "LIKE" | "NOT LIKE" as operator:
                return f"{sql} {operator} {values[0]}"
        raise GaqlError("PROHIBITED_OPERATOR", f"{condition.operator} cannot be used here.")


def _sortable(field: Field) -> str:
    return f"cast({field.sql} as bigint)" if field.kind == "int64" else field.sql


def _number(text: str, scale: float) -> str:
    try:
        return (
            str(int(text) * int(scale)) if text.lstrip("-").isdigit() else str(float(text) * scale)
        )
    except ValueError as error:
        raise GaqlError("BAD_NUMBER", f"Error in query: bad number {text}.") from error


def _values(rows: tuple[dict[str, Any], ...]) -> str:
    """Rows as SQL."""
    return " union all ".join(
        "select " + ", ".join(
            f"{str(v).lower() if isinstance(v, bool) else v if isinstance(v, int) else literal(v)}"
            f" as {k}" for k, v in row.items()
        )
        for row in rows
    )  # fmt: skip


def _day(now: Moment) -> date:
    return date(now.year, now.month, now.day)


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)
