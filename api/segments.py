"""Segments: conditions on dimensions that combine with and, or and not.

The same objects come from seeds/segments.yml, from a request's JSON and from `--where`. They are
two-valued: null matches `is null` and negations, nothing else. Values only ever become bound
parameters, dimensions only ever names that the catalogue knows.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from api.errors import RequestError, shown, unknown

MAX_CONDITIONS = 200
MAX_DEPTH = 20
# Operator: how many values it takes (None: one or more) and its SQL. Texts are compared as they are
# by =, in, between and matches; contains, starts with and ends with take upper and lower case as
# one.
OPERATORS: dict[str, tuple[int | None, str]] = {
    "=": (1, "{column} = {0}"),
    "in": (None, "{column} in ({all})"),
    "contains": (1, "contains(lower({column}), lower({0}))"),
    "starts with": (1, "starts_with(lower({column}), lower({0}))"),
    "ends with": (1, "ends_with(lower({column}), lower({0}))"),
    "matches": (1, "regexp_matches({column}, {0})"),
    "between": (2, "{column} between {0} and {1}"),
    "is null": (0, "{column} is null"),
}
NEGATIONS = {"!=": "=", "is not null": "is null"} | {
    f"not {name}": name for name in OPERATORS if name not in ("=", "is null")
}
Operator = Literal[
    "=",
    "!=",
    "in",
    "not in",
    "contains",
    "not contains",
    "starts with",
    "not starts with",
    "ends with",
    "not ends with",
    "matches",
    "not matches",
    "between",
    "not between",
    "is null",
    "is not null",
]
# A text-pattern operator takes several values as "any of them".
ANY_OF = ("contains", "starts with", "ends with", "matches")


def _operator(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    name = " ".join(given.replace("_", " ").lower().split())
    return {"==": "=", "<>": "!="}.get(name, name)


def _values(given: Any) -> Any:
    values = given if isinstance(given, (list, tuple)) else [given]
    return [
        str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for value in values
    ]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


Name = Annotated[str, Field(min_length=1, max_length=200)]
Value = Annotated[str, Field(max_length=1000)]


class Named(_Model):
    """A segment of seeds/segments.yml, by its name."""

    name: Name


class Condition(_Model):
    """A dimension, an operator and the values that it is compared with."""

    dimension: Name
    operator: Annotated[Operator, BeforeValidator(_operator)]
    values: Annotated[list[Value], BeforeValidator(_values), Field(max_length=1000)] = []


class And(_Model):
    """All of these hold."""

    conditions: Annotated[list["Segment"], Field(alias="and", min_length=1, max_length=100)]


class Or(_Model):
    """At least one of these holds."""

    conditions: Annotated[list["Segment"], Field(alias="or", min_length=1, max_length=100)]


class Not(_Model):
    """The condition does not hold."""

    condition: Annotated["Segment", Field(alias="not")]


def _kind(given: Any) -> str:
    if isinstance(given, BaseModel):
        return type(given).__name__
    if isinstance(given, Mapping):
        for key, kind in {"and": "And", "or": "Or", "not": "Not", "name": "Named"}.items():
            if key in given:
                return kind
    return "Condition"


def _named(given: Any) -> Any:
    return {"name": given} if isinstance(given, str) else given


Segment = Annotated[
    Annotated[Named, Tag("Named")]
    | Annotated[Condition, Tag("Condition")]
    | Annotated[And, Tag("And")]
    | Annotated[Or, Tag("Or")]
    | Annotated[Not, Tag("Not")],
    Discriminator(_kind),
    BeforeValidator(_named),
]
for _combined in (And, Or, Not):
    _combined.model_rebuild()


class Resolver:
    """Turns segments into SQL over columns, and gathers the parameters that it binds."""

    def __init__(
        self, named: Mapping[str, Any], column: Callable[[str], str], check: Callable[[str], None]
    ) -> None:
        """`named` are the published segments; `column` gives a dimension's column or raises.

        `check` raises RequestError for an expression that is none.
        """
        self.named = named
        self.column = column
        self.check = check
        self.parameters: dict[str, str] = {}
        self.columns: set[str] = set()
        self._count = 0

    def sql(self, segments: Iterable[Any]) -> str:
        """Write the condition that all segments hold; `true` where there are none."""
        parts = [self._sql(segment, ()) for segment in segments]
        return " and ".join(parts) or "true"

    def _sql(self, segment: Any, within: tuple[str, ...], depth: int = 0) -> str:
        self._count += 1
        if self._count > MAX_CONDITIONS or depth > MAX_DEPTH:
            raise RequestError(
                f"a segment may have {MAX_CONDITIONS} conditions, {MAX_DEPTH} deep at most",
                "too_complex",
                "segments",
            )
        match segment:
            case Named(name=name):
                return self._named(name, within, depth)
            case And(conditions=parts):
                inner = (self._sql(part, within, depth + 1) for part in parts)
                return f"({' and '.join(inner)})"
            case Or(conditions=parts):
                inner = (self._sql(part, within, depth + 1) for part in parts)
                return f"({' or '.join(inner)})"
            case Not(condition=part):
                return f"({self._sql(part, within, depth + 1)} is not true)"
            case Condition():
                return self._condition(segment)
        raise RequestError("a segment is a name, a condition, or and/or/not of them", "segment")

    def _named(self, name: str, within: tuple[str, ...], depth: int) -> str:
        if name not in self.named:
            raise unknown("segment", name, self.named, "segments")
        if name in within:
            raise RequestError(f"the segment {name} refers to itself", "segment", "segments")
        return self._sql(self.named[name].definition, (*within, name), depth + 1)

    def _condition(self, condition: Condition) -> str:
        name = NEGATIONS.get(condition.operator, condition.operator)
        _, template = OPERATORS[name]
        column = self.column(condition.dimension)
        self.columns.add(column)
        check_values(condition)
        if name == "matches":
            for value in condition.values:
                self.check(value)
        bound = [self._bind(value) for value in condition.values]
        groups = [[value] for value in bound] if name in ANY_OF else [bound]
        quoted = f'"{column}"'
        texts = [template.format(*group, column=quoted, all=", ".join(group)) for group in groups]
        text = f"({' or '.join(texts)})"
        return f"({text} is not true)" if name != condition.operator else text

    def _bind(self, value: str) -> str:
        key = f"v{len(self.parameters)}"
        self.parameters[key] = value
        return f"${key}"


def check_values(condition: Condition) -> None:
    """Raise RequestError where an operator has too few or too many values."""
    name = NEGATIONS.get(condition.operator, condition.operator)
    count, _ = OPERATORS[name]
    given = len(condition.values)
    several = name in ANY_OF or count is None
    if (several and given) or (not several and given == count):
        return
    wanted = (
        "one value or more"
        if several
        else {0: "no value", 1: "one value", 2: "two values"}[count or 0]
    )
    raise RequestError(
        f"{shown(condition.dimension)} {condition.operator}: takes {wanted}, not {given}",
        "invalid_segment",
        "segments",
    )


def single_values(segments: Iterable[Any], column: str) -> set[str] | None:
    """Give the values that a column is bound to by conditions that all hold, None if it is not."""
    for segment in segments:
        match segment:
            case Condition(dimension=dimension, operator="=" | "in", values=values):
                if dimension == column:
                    return set(values)
            case And(conditions=parts):
                found = single_values(parts, column)
                if found is not None:
                    return found
    return None
