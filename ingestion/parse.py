"""Turn the text of an export into typed rows, in SQL compiled from its spec.

Input: records as text. Output: one relation with every canonical column typed, and for the
records that could not be read a reason and what the reader needs to mend it.
"""

import re

import duckdb
import pyarrow as pa

from ingestion.contract import MEASURES
from ingestion.readers import Row, normal
from ingestion.spec import CANONICAL, TEXTS, Spec

MEASURE_TYPES = {
    name: "bigint" if kind == pa.int64() else "decimal(38, 9)" for name, kind in MEASURES.items()
}
TOTALS_LINE = r"(?i)^\W*(grand )?(totals?|sum|summe|gesamt)\b"


def literal(value: str | None) -> str:
    """Write a value as an SQL literal."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


class Parser:
    """A spec compiled to SQL; fills the table `parsed` of a database, chunk by chunk."""

    def __init__(self, spec: Spec, header: list[str], database: duckdb.DuckDBPyConnection) -> None:
        self.spec = spec
        self.width = len(header)
        names = [normal(name) for name in header]
        self.positions = [names.index(normal(name)) for name in spec.sources]
        self.database = database
        self.skip = re.compile(spec.skip_lines) if spec.skip_lines else None
        self.skipped = 0
        self.query = self._compile()
        database.execute(self._number_macros())
        self._register([])
        database.execute(f"create table parsed as {self.query}")

    def read(self, rows: list[Row]) -> None:
        """Type a chunk of records into `parsed`: canonical columns, line, raw_text, reason, detail.

        `reason` is null for a good row and 'note' for a header, footer or totals line.
        """
        kept = [row for row in rows if self.skip is None or not self.skip.search(row.raw)]
        self.skipped += len(rows) - len(kept)
        self._register(kept)
        self.database.execute(f"insert into parsed {self.query}")

    def _register(self, rows: list[Row]) -> None:
        problems = [row.problem or self._shape_problem(row.cells) for row in rows]
        padded = [row.cells + [""] * (self.width - len(row.cells)) for row in rows]
        records: dict[str, pa.Array] = {
            "line": pa.array([row.line for row in rows], pa.int64()),
            "raw_text": pa.array([row.raw for row in rows], pa.string()),
            "cell_count": pa.array([sum(map(bool, row.cells)) for row in rows], pa.int64()),
            "problem": pa.array(problems, pa.string()),
        }
        for index, position in enumerate(self.positions):
            records[f"c{index}"] = pa.array([cells[position] for cells in padded], pa.string())
        self.database.register("records", pa.table(records))

    def _shape_problem(self, cells: list[str]) -> str | None:
        if len(cells) > self.width and any(cells[self.width :]):
            return f"has {len(cells)} cells under a header of {self.width}"
        if 1 < len(cells) <= max(self.positions):
            return f"has {len(cells)} cells under a header of {self.width}"
        return None

    def _number_macros(self) -> str:
        """Define plain(x): the number as text that a cast understands, null where it is none."""
        style = self.spec.number_format
        thousands, point = re.escape(style.thousands or ","), re.escape(style.decimal)
        shape = rf"-?(\d+|\d{{1,3}}({thousands}\d{{2,3}})*{thousands}\d{{3}})?({point}\d*)?"
        return rf"""
            create macro bare(x) as regexp_replace(
                replace(x, '−', '-'),
                '[\s\x{{00a0}}\x{{202f}}$€£¥₹%()+]|^[A-Za-z]{{3}}|[A-Za-z]{{3}}$', '', 'g');
            create macro signed(x) as case
                when x like '(%)' then '-' || bare(x)
                when bare(x) like '%-' then '-' || rtrim(bare(x), '-')
                else bare(x) end;
            create macro plain(x) as case
                when regexp_full_match(signed(x), '{literal(shape)[1:-1]}([eE][+-]?\d+)?')
                    and regexp_matches(signed(x), '\d')
                then replace(replace(signed(x), {literal(style.thousands)}, ''),
                    {literal(style.decimal)}, '.') end;
            create macro number(x) as case
                when x like '%\%' escape '\'
                then cast(try_cast(plain(x) as decimal(30, 9)) * 0.01 as decimal(38, 9))
                else try_cast(plain(x) as decimal(38, 9)) end;
        """

    def _compile(self) -> str:
        """Four steps: text without null words, typed values, computed measures, the verdict."""
        spec = self.spec
        nulls = ", ".join(literal(word.casefold()) for word in spec.null_values)
        place = {name: f"t{index}" for index, name in enumerate(spec.sources)}
        texts = [
            f"case when lower(trim(c{index})) not in ({nulls}) then trim(c{index}) end as t{index}"
            for index in range(len(place))
        ]
        typed, checks = [], []
        for name, mapping in spec.columns.items():
            text = _mapped(spec, name, place)
            if name in TEXTS:
                typed.append(f"{text} as {name}")
                if mapping.values and mapping.default is None:
                    raw = place[mapping.column] if mapping.column else text
                    checks.append(
                        (f"{raw} is not null and {name} is null", "unmapped_value", name, raw)
                    )
            elif name == "date":
                formats = "[" + ", ".join(map(literal, spec.date_format)) + "]"
                typed.append(f"cast(try_strptime({text}, {formats}) as date) as date")
                checks.insert(0, ("date is null", "unreadable_date", name, text))
            else:
                kind = MEASURE_TYPES.get(name, "decimal(38, 9)")
                typed.append(_number(text, kind) + f' as "{name}"')
                why = "not_a_whole_number" if kind == "bigint" else "unreadable_number"
                why = f"case when number({text}) is null then 'unreadable_number' else '{why}' end"
                checks.append((f'{text} is not null and "{name}" is null', why, name, text))
        computed = [
            f'cast({sql} as {MEASURE_TYPES[name]}) as "{name}"'
            for name, sql in spec.computed.items()
        ]
        constants = [f"{literal(value)} as {name}" for name, value in spec.constants.items()]
        given = {*spec.columns, *spec.computed, *spec.constants}
        absent = [
            f"cast(null as {MEASURE_TYPES.get(name, 'varchar')}) as {name}"
            for name in CANONICAL
            if name not in given
        ]
        for name in ("platform", "account_id"):
            checks.append((f"{name} is null", f"missing_{name}", name, "null"))
        checks.append(
            ("campaign_id is null and campaign_name is null", "missing_campaign", "campaign", "")
        )
        step = ",\n    ".join
        return f"""
with texts as (select *,\n    {step(texts)}\nfrom records),
typed as (select *,\n    {step([*typed, *constants, *absent])}\nfrom texts),
complete as (select {step(["*", *computed])}\nfrom typed)
select line, raw_text, {", ".join(CANONICAL)},
    {_verdict(checks)}
from complete"""


def _mapped(spec: Spec, name: str, place: dict[str, str]) -> str:
    """Give the SQL of a mapped text: template, value map, default and platform spelling."""
    mapping = spec.columns[name]
    if mapping.template is not None:
        parts = re.split(r"(\{[^}]*\})", mapping.template)
        sql = " || ".join(
            place[part[1:-1]] if part.startswith("{") else literal(part) for part in parts if part
        )
        sql = f"({sql})"
    else:
        sql = place[str(mapping.column)]
    if mapping.values:
        cases = " ".join(
            f"when {literal(old.casefold())} then {literal(new)}"
            for old, new in mapping.values.items()
        )
        sql = f"case lower({sql}) {cases} end"
    elif name == "platform":
        sql = f"trim(regexp_replace(lower({sql}), '[^a-z0-9]+', '_', 'g'), '_')"
    elif name == "currency":
        sql = f"upper({sql})"
    return sql if mapping.default is None else f"coalesce({sql}, {literal(mapping.default)})"


def _number(text: str, kind: str) -> str:
    if kind == "bigint":
        whole = f"number({text}) = floor(number({text}))"
        return f"case when {whole} then cast(number({text}) as {kind}) end"
    return f"cast(number({text}) as {kind})"


def _verdict(checks: list[tuple[str, str, str, str]]) -> str:
    """Give the SQL of reason and detail: the first check that fails."""
    note = f"date is null and (cell_count < 2 or regexp_matches(raw_text, {literal(TOTALS_LINE)}))"
    reasons, details = [], []
    for condition, reason, name, text in checks:
        word = reason if reason.startswith("case") else literal(reason)
        reasons.append(f"when {condition} then {word}")
        shown = (
            f"' is: ' || coalesce({text}, 'empty')" if text not in ("", "null") else "' is empty'"
        )
        details.append(f"when {condition} then {literal(name)} || {shown}")
    return f"""case
        when problem is not null and cell_count <> 1 then 'broken_row'
        when {note} then 'note'
        {" ".join(reasons)} end as reason,
    case
        when problem is not null then problem
        {" ".join(details)} end as detail"""
