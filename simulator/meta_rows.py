"""An insights request as SQL whose rows are the JSON texts of Meta's rows."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from simulator.facts import MEASURES
from simulator.meta_params import MetaError, Options, json_of, list_of
from simulator.portfolio import Account
from simulator.truth import PURCHASES
from simulator.wire import SEPARATOR, joined, literal
from simulator.world import DEVICES, Moment, World

LEVELS = ("account", "campaign", "adset", "ad")
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view", "1d_ev", "incrementality", "default")
REMOVED_WINDOWS = ("7d_view", "28d_view")
BREAKDOWNS = tuple(name for name in DEVICES if name != "device")
MONTHS_KEPT = 37
# SQL of numbers that are always there; then of those that are absent when zero
ALWAYS = {"impressions": "impr", "clicks": "clicks", "spend": "{cost}"}
SOMETIMES = {
    "inline_link_clicks": "links",
    "outbound_clicks_count": "links",
    "reach": "impr * 81 // 100",
    "unique_clicks": "clicks * 9 // 10",
    "inline_post_engagement": "clicks + impr // 5",
}
RATIOS = {
    "cpc": "{amount} / clicks",
    "cpm": "{amount} * 1000 / impr",
    "ctr": "clicks * 100.0 / impr",
    "inline_link_click_ctr": "links * 100.0 / impr",
    "cost_per_inline_link_click": "{amount} / links",
    "frequency": "impr * 1.0 / (impr * 81 // 100)",
}
ENGAGEMENT = {
    "link_click": "links",
    "landing_page_view": "(links * 8 // 10)",
    "video_view": "(impr // 5)",
    "post_engagement": "(clicks + impr // 5)",
    "page_engagement": "(clicks + impr // 5)",
}
ENTITY_FIELDS = ("account_id", "account_name", "account_currency", "campaign_id", "campaign_name",
                 "adset_id", "adset_name", "ad_id", "ad_name", "objective", "buying_type",
                 "attribution_setting", "created_time", "updated_time")  # fmt: skip
FIELDS = (*ENTITY_FIELDS, *ALWAYS, *SOMETIMES, *RATIOS, "actions", "action_values",
          "date_start", "date_stop")  # fmt: skip


class Insights:
    """A checked insights request; raises MetaError for what the platform refuses."""

    def __init__(
        self,
        world: World,
        account: Account,
        params: Mapping[str, str],
        now: Moment,
        options: Options,
        within: str = "",
    ) -> None:
        self.world, self.account, self.now, self.options = world, account, now, options
        self.within = within  # a condition on c.id, a.group_id or a.id
        self.level = params.get("level", "account")
        if self.level not in LEVELS:
            raise MetaError(100, f"(#100) level must be one of {', '.join(LEVELS)}")
        self.fields = list_of(params.get("fields", "impressions,spend"))
        self.breakdowns = list_of(params.get("breakdowns", ""))
        self.windows = list_of(params.get("action_attribution_windows", ""))
        self.increment = params.get("time_increment", "all_days")
        self.today, _ = world.today(account, now)
        self._check()
        self.since, self.until = self._range(params)
        self.filters = [self._filter(item) for item in json_of(params.get("filtering"), [])]

    @property
    def key(self) -> tuple[Any, ...]:
        """What the rows depend on."""
        return (self.account.id, self.level, tuple(self.fields), tuple(self.breakdowns),
                tuple(self.windows), self.increment, self.since, self.until, tuple(self.filters),
                self.within, str(self.now), self.options)  # fmt: skip

    def sql(self) -> Iterator[str]:
        """Queries whose rows, one after the other, are the answer's rows."""
        if self.increment != "1":
            yield self._rows(self.since, self.until)
            return
        level = "ad" if self.level == "ad" else "campaign"
        for since, until in self.world.spans(self.account, self.since, self.until, level):
            yield self._rows(since, until)

    def _check(self) -> None:
        for name in self.fields:
            if name in BREAKDOWNS:
                raise MetaError(100, f"(#100) {name} is a breakdown and cannot be used in fields")
            if name not in FIELDS:
                raise MetaError(100, f"(#100) {name} is not valid for fields param. please check "
                                "https://developers.facebook.com/docs/marketing-api/reference/"
                                "ads-insights/ for all valid values")  # fmt: skip
        if len(self.breakdowns) > 1 or set(self.breakdowns) - set(BREAKDOWNS):
            names = ", ".join(self.breakdowns)
            message = f"(#100) Current combination of data breakdown columns ({names}) is invalid"
            raise MetaError(100, message, error_subcode=1504041)
        for window in self.windows:
            if window in REMOVED_WINDOWS or window not in WINDOWS:
                raise MetaError(100, "(#100) Param action_attribution_windows must be one of "
                                f"{{{', '.join(WINDOWS)}}}, got {window}")  # fmt: skip
        days = self.increment.isdigit() and 1 <= int(self.increment) <= 90
        if not days and self.increment not in ("monthly", "all_days"):
            raise MetaError(100, "(#100) time_increment must be 1 to 90, monthly or all_days")

    def _range(self, params: Mapping[str, str]) -> tuple[date, date]:
        asked = json_of(params.get("time_range"), None)
        if asked is None:
            since, until = self._preset(params.get("date_preset", "last_30d"))
        else:
            try:
                since = date.fromisoformat(str(asked["since"]))
                until = date.fromisoformat(str(asked["until"]))
            except (KeyError, TypeError, ValueError) as error:
                raise MetaError(100, "(#100) Must be a valid date range") from error
        if since > until:
            raise MetaError(100, "(#100) since must not be after until")
        months = self.today.year * 12 + self.today.month - since.year * 12 - since.month
        if (months, self.today.day - since.day) > (MONTHS_KEPT, 0):
            raise MetaError(3018, "(#3018) The start date of the time range cannot be beyond "
                            f"{MONTHS_KEPT} months from the current date")  # fmt: skip
        return since, until

    def _preset(self, name: str) -> tuple[date, date]:
        yesterday = self.today - timedelta(1)
        first = self.today.replace(day=1)
        match name:
            case "today":
                return self.today, self.today
            case "yesterday":
                return yesterday, yesterday
            case "this_month":
                return first, self.today
            case "last_month":
                return (first - timedelta(1)).replace(day=1), first - timedelta(1)
            case "maximum":
                return self.today - timedelta(37 * 30), self.today
        days = name.removeprefix("last_").removesuffix("d")
        if not days.isdigit():
            raise MetaError(100, f"(#100) date_preset is unknown: {name}")
        return self.today - timedelta(int(days)), yesterday

    def _filter(self, item: dict[str, Any]) -> str:
        """SQL of one item of `filtering`."""
        name, operator, value = item.get("field", ""), item.get("operator"), item.get("value")
        kind, _, attribute = str(name).partition(".")
        columns = {"campaign": "c.id", "adset": "a.group_id", "ad": "a.id"}
        values = value if isinstance(value, list) else [value]
        texts = ", ".join(literal(str(v)) for v in values)
        if attribute == "id" and kind in columns and operator in ("IN", "EQUAL", "NOT_IN"):
            return f"{columns[kind]} {'not ' if operator == 'NOT_IN' else ''}in ({texts})"
        if attribute == "effective_status" and kind in columns and operator in ("IN", "NOT_IN"):
            return f"{status_sql(kind)} {'not ' if operator == 'NOT_IN' else ''}in ({texts})"
        if name in ("impressions", "clicks", "spend") and operator == "GREATER_THAN":
            number = float(str(values[0]))
            return {"impressions": "impr", "clicks": "clicks"}.get(
                name, f"cost * {self.account.granularity} / 1e6"
            ) + f" > {number}"
        raise MetaError(100, f"(#100) Filtering field {name} with operation {operator} is invalid")

    def _rows(self, since: date, until: date) -> str:
        account, family = self.account, (self.breakdowns or [""])[0]
        level = {"adset": "ad_group", "ad": "ad"}.get(self.level, "campaign")
        below = any("a." in f for f in [*self.filters, self.within]) and level == "campaign"
        sql = self.world.facts(account, since, until, self.now, "ad" if below else level, family)
        entities = self._entities("ad" if below or level == "ad" else level)
        metric = [f for f in self.filters if f.startswith(("impr", "clicks", "cost"))]
        start, stop = self._buckets()
        sums = ", ".join(f"sum(f.{m})::bigint as {m}" for m in MEASURES)
        head = "any_value(e.head) as head" if self.increment != "1" or below else "e.head"
        grouped = self.increment != "1" or below or self.level == "account"
        part = "null" if below or self.level == "account" else "f.part"
        key = "0" if self.level == "account" else "f.k"
        if self.level == "account":
            head = "any_value(e.head) as head"
        match = "f.k = e.k" if level == "campaign" and not below else "f.part = e.part"
        join = f"from e join ({sql}) as f on {match}"
        if grouped:
            rows = (f"select {head}, {key} as k, {part} as part, f.label, {start} as date,"
                    f" {stop} as stop, {sums} {join} group by all")  # fmt: skip
        else:
            rows = f"select e.head, f.*, f.date as stop {join}"
        where = f" where {' and '.join(metric)}" if metric else ""
        row = joined(["'{'", "head", *self._numbers(), "'}'", literal(SEPARATOR)])
        return (
            f"with e as materialized ({entities}) select {row} from (select *, {self._sales('c')} "
            f"as sales, {self._sales('v')} as worth from (select * from ({rows}){where} "
            f"order by date, k, part, label))"
        )

    def _buckets(self) -> tuple[str, str]:
        """SQL of the first and the last day of the row that a day belongs to."""
        since, until = f"date '{self.since}'", f"date '{self.until}'"
        if self.increment == "monthly":
            month = "date_trunc('month', f.date)::date"
            last = "(date_trunc('month', f.date) + interval 1 month - interval 1 day)::date"
            return f"greatest({month}, {since})", f"least({last}, {until})"
        if self.increment == "all_days":
            return since, until
        start = f"({since} + ((f.date - {since}) // {self.increment} * {self.increment})::int)"
        return start, f"least({start} + {int(self.increment) - 1}, {until})"

    def _entities(self, level: str) -> str:
        source = f"({self.world.entities(self.account, self.now)}) as c"
        part = "null::varchar"
        if level == "ad":
            source, part = source + " join ads as a on a.k = c.k", "a.part"
        elif level == "ad_group":
            source += (" join (select k, grp as part, any_value(group_id) as group_id,"
                       " any_value(group_name) as group_name from ads group by k, grp) as a"
                       " on a.k = c.k")  # fmt: skip
            part = "a.part"
        kept = [f for f in [*self.filters, self.within] if "c." in f or "a." in f]
        where = f" where {' and '.join(kept)}" if kept else ""
        return f"select c.k, {part} as part, {self._head()} as head from {source}{where}"

    def _head(self) -> str:
        account = self.account
        depth = LEVELS.index(self.level)
        kind = "'OUTCOME_AGENTIC'" if self.options.unknown_enum else "c.channel"
        known = {
            "account_id": (0, literal(account.id)),
            "account_name": (0, literal(account.name)),
            "account_currency": (0, literal(account.currency)),
            "attribution_setting": (0, "'7d_click_1d_view'"),
            "campaign_id": (1, "c.id"),
            "campaign_name": (1, "c.name"),
            "objective": (1, kind),
            "buying_type": (1, "'AUCTION'"),
            "created_time": (1, "strftime(c.first_day, '%Y-%m-%d')"),
            "updated_time": (1, "strftime(c.first_day, '%Y-%m-%d')"),
            "adset_id": (2, "a.group_id"),
            "adset_name": (2, "a.group_name"),
            "ad_id": (3, "a.id"),
            "ad_name": (3, "a.name"),
        }
        parts = ["''"]
        for name in self.fields:
            at, sql = known.get(name, (9, ""))
            if at <= depth and name != self.options.missing:
                parts += [literal(f'"{name}":'), f"to_json({sql})::varchar", "','"]
        return joined(parts)

    def _numbers(self) -> list[str]:
        """SQL of the parts of the text of everything but names, each with a comma after it."""
        parts: list[str] = []
        unit = self.account.granularity
        amount = f"(cost * {unit} / 1e6)"
        for name in self.fields:
            start = literal(f'"{name}":"')
            if name == self.options.missing:
                continue
            if name in ALWAYS:
                sql = money("cost", unit) if name == "spend" else ALWAYS[name]
                parts += [start, sql, """'",'"""]
            elif name in SOMETIMES:
                sql = f"({SOMETIMES[name]})"
                parts.append(f"""case when {sql} > 0 then concat({start}, {sql}, '",') end""")
            elif name in RATIOS:
                sql = RATIOS[name].replace("{amount}", amount)
                parts.append(f"""{start} || round({sql}, 6)::double || '",'""")
            elif name == "actions":
                parts.append(self._list("actions", "sales", "clicks > 0 or impr >= 5", ENGAGEMENT))
            elif name == "action_values":
                parts.append(self._list("action_values", "worth", "false", {}))
        if self.options.new_field:
            parts.append("""'"neural_lift_index":"0.7",'""")
        for name in self.breakdowns:
            parts += [literal(f'"{name}":"'), "label", """'",'"""]
        return [*parts, """'"date_start":"'""", "date", """'","date_stop":"'""", "stop", """'"'"""]

    def _list(self, name: str, sales: str, engaged: str, engagement: dict[str, str]) -> str:
        """SQL of a list of actions: the same sales under several types, then engagement."""
        types = [*PURCHASES, *(["onsite_neural_purchase"] * self.options.new_action_type)]
        parts = []
        for kind in types:
            parts += [literal(f',{{"action_type":"{kind}"'), sales]
        items = [f"case when {sales} is not null then {joined(parts)} end"]
        for kind, sql in engagement.items():
            text = [literal(f',{{"action_type":"{kind}","value":"'), sql]
            for window in self.windows:
                if window in WINDOWS[:3]:
                    text += [literal(f'","{window}":"'), sql]
            items.append(f"case when {sql} > 0 then {joined([*text, literal(chr(34) + '}')])} end")
        return (f"""case when {sales} is not null or {engaged} then
            concat('"{name}":[', substr({joined(items)}, 2), '],') end""")  # fmt: skip

    def _sales(self, x: str) -> str:
        """SQL of a sale's text behind its action type, null without sales; x is c or v."""
        windows = {"1d_click": f"{x}0", "7d_click": f"({x}0 + {x}1)",
                   "28d_click": f"({x}0 + {x}1 + {x}2)", "1d_view": f"{x}3"}  # fmt: skip
        value = f"({x}0 + {x}1 + {x}3)"
        asked = [w for w in self.windows if w in windows]

        def text(sql: str) -> str:
            return money(sql, self.account.granularity) if x == "v" else sql

        parts = ["""',"value":"'""", text(value), """'"'"""]
        for window in asked:
            sql = windows[window]
            parts.append(f"""case when {sql} > 0
                then concat(',"{window}":"', {text(sql)}, '"') end""")
        seen = " or ".join(f"{sql} > 0" for sql in (value, *(windows[w] for w in asked)))
        return f"case when {seen} then {joined([*parts, literal('}')])} end"


def money(sql: str, unit: int) -> str:
    """SQL of an amount's text, without zeros at its end."""
    if unit == 1_000_000:
        return f"{sql}::varchar"
    return (
        f"(case when {sql} % 100 = 0 then ({sql} // 100)::varchar "
        f"when {sql} % 10 = 0 then ({sql} // 100) || '.' || ({sql} // 10 % 10) "
        f"else ({sql} // 100) || '.' || lpad(({sql} % 100)::varchar, 2, '0') end)"
    )


def status_sql(kind: str) -> str:
    """SQL of an object's effective status in Meta's words."""
    paused = "PAUSED" if kind == "campaign" else "CAMPAIGN_PAUSED"
    return (
        f"case c.status when 'REMOVED' then 'DELETED' when 'PAUSED' then '{paused}' "
        "else 'ACTIVE' end"
    )
