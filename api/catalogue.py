"""What can be asked of a snapshot: metrics, dimensions and segments, as published with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from api.errors import RequestError, problem, unknown
from api.segments import Resolver, Segment

GRAINS = ("day", "week", "month", "quarter", "year")
DATE = "date"
TIME = {DATE: None, "date_day": "day"} | {grain: grain for grain in GRAINS}
WITHIN_CURRENCY = "additive within a currency"


@dataclass(frozen=True)
class Window:
    """The days that a cumulative metric adds up, up to the last day of a period."""

    days: int | None = None  # None: from the first day of the month, quarter, …
    since: str | None = None
    offset: int = 0  # days earlier


@dataclass(frozen=True)
class Input:
    """A metric within another one's expression."""

    metric: str
    alias: str
    offset: int = 0


@dataclass(frozen=True)
class Metric:
    """A figure that can be asked for.

    `kind` is simple (a sum), ratio, derived or cumulative; `unit` is count, ratio, share, the
    code of the reporting currency, or account currency; `additivity` as in the marts' meta;
    `more_is_better` is None where neither direction is good.
    """

    name: str
    label: str
    description: str
    kind: Literal["simple", "ratio", "derived", "cumulative"]
    unit: str
    additivity: str
    more_is_better: bool | None
    expression: str = ""
    inputs: tuple[Input, ...] = ()
    window: Window | None = None


@dataclass(frozen=True)
class Dimension:
    """What an answer can be split by, with the columns that it brings."""

    name: str
    label: str
    description: str
    columns: tuple[str, ...]
    marts: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamedSegment:
    """A segment of seeds/segments.yml."""

    name: str
    label: str
    description: str
    definition: Any


@dataclass(frozen=True)
class Mart:
    """A table of daily figures with the dimensions that split them."""

    name: str
    level: str
    dimensions: frozenset[str]
    day: str
    measures: Mapping[str, str]  # metric: SQL type of its sum

    @property
    def sql(self) -> str:
        """Its name in SQL."""
        return f'snapshot.marts."{self.name}"'


@dataclass(frozen=True)
class Catalogue:
    """Everything that names may mean in one snapshot."""

    metrics: Mapping[str, Metric]
    dimensions: Mapping[str, Dimension]
    segments: Mapping[str, NamedSegment]
    marts: tuple[Mart, ...]  # coarsest first
    refused: Mapping[str, str]
    currency: str
    week_start: str

    def metric(self, name: str) -> Metric:
        """Find a metric; raises RequestError with the nearest names, or the reason to refuse."""
        if name in self.metrics:
            return self.metrics[name]
        self._refuse(name, "metrics")
        for known in self.metrics:
            if name in _aggregated(known):
                raise RequestError(
                    f"{name}: ask for {known} itself. "
                    + (
                        "A ratio is recomputed from its sums; averages of it would weigh a "
                        "day of one click as much as one of thousands"
                        if self.metrics[known].additivity == "ratio"
                        else "How it adds up is part of the metric"
                    ),
                    "not_additive",
                    "metrics",
                    [known],
                )
        for refused in self.refused:
            if name in _aggregated(refused):
                self._refuse(refused, "metrics")
        raise unknown("metric", name, self.metrics, "metrics")

    def dimension(self, name: str, field: str = "dimensions") -> Dimension:
        """Find a dimension; raises RequestError with the nearest names."""
        if name in self.dimensions:
            return self.dimensions[name]
        self._refuse(name, field)
        raise unknown("dimension", name, self.dimensions, field)

    def _refuse(self, name: str, field: str) -> None:
        if name in self.refused:
            raise RequestError(f"{name}: {self.refused[name]}", "refused", field)

    @cached_property
    def columns(self) -> frozenset[str]:
        """Every column that a condition may be on."""
        return frozenset(name for mart in self.marts for name in mart.dimensions)


def _aggregated(name: str) -> set[str]:
    """Give what people write for an aggregate of a metric: avg(ctr), avg_ctr, ctr_avg."""
    words = ("avg", "average", "mean", "sum", "total", "min", "max", "median", "count")
    return {
        text for word in words for text in (f"{word}({name})", f"{word}_{name}", f"{name}_{word}")
    }


def read_catalogue(
    definitions: Mapping[str, Any],
    describe: Callable[[str, str], str | None] = lambda _table, _expression: None,
) -> Catalogue:
    """Read what was published; `describe(mart, expression)` gives an SQL type, None without one.

    Raises RequestError for a segment that makes no sense.
    """
    reporting = definitions["reporting"]
    metrics = {
        metric.name: metric
        for metric in (_metric(given, reporting) for given in definitions["metrics"])
    }
    sums = {name: metric.expression for name, metric in metrics.items() if metric.kind == "simple"}
    marts = []
    for model in definitions["semantic_models"]:
        level = (model["config"] or {}).get("meta", {}).get("level")
        if level is None:
            continue
        table = model["node_relation"]["alias"]
        types = {name: describe(table, expression) for name, expression in sums.items()}
        marts.append(
            Mart(
                table,
                level,
                frozenset(
                    given["name"] for given in model["dimensions"] if given["type"] != "time"
                ),
                model["defaults"]["agg_time_dimension"],
                {name: kind for name, kind in types.items() if kind},
            )
        )
    marts.sort(key=lambda mart: (len(mart.dimensions), mart.name))
    dimensions = _dimensions(definitions, marts)
    return Catalogue(
        metrics,
        dimensions,
        read_segments(definitions["segments"], set(dimensions) - set(TIME)),
        tuple(marts),
        reporting["refused"],
        reporting["reporting_currency"],
        reporting["week_start"],
    )


def _metric(given: Mapping[str, Any], reporting: Mapping[str, Any]) -> Metric:
    meta = given["config"]["meta"]
    kind = given["type"]
    params = given["type_params"]
    window = None
    inputs: list[Any] = []
    if kind == "ratio":
        inputs = [params["numerator"], params["denominator"]]
    elif kind == "derived":
        inputs = params["metrics"]
    elif kind == "cumulative":
        cumulative = params["cumulative_type_params"]
        inputs = [cumulative["metric"]]
        span = cumulative["window"]
        window = Window(_days(span) if span else None, cumulative["grain_to_date"])
    unit = meta["unit"]
    return Metric(
        given["name"],
        given["label"] or given["name"],
        " ".join((given["description"] or "").split()),
        kind,
        reporting["reporting_currency"] if unit.startswith("reporting currency") else unit,
        meta["additivity"],
        meta["more_is_better"],
        params["expr"] or "",
        tuple(
            Input(
                one["name"],
                one["alias"] or one["name"],
                _days(one["offset_window"]) if one["offset_window"] else 0,
            )
            for one in inputs
        ),
        window,
    )


def _days(span: Mapping[str, Any]) -> int:
    return span["count"] * {"day": 1, "week": 7}[span["granularity"]]


def _dimensions(definitions: Mapping[str, Any], marts: list[Mart]) -> dict[str, Dimension]:
    objects = definitions["reporting"]["objects"]
    told: dict[str, str] = {}
    for model in definitions["semantic_models"]:
        for given in model["dimensions"]:
            told.setdefault(given["name"], " ".join((given["description"] or "").split()))
    found = {}
    for name in {column for mart in marts for column in mart.dimensions}:
        # The first object that has the column is what it names: its key comes with it.
        columns = next(
            (_up_to(columns, name) for columns in objects.values() if name in columns), (name,)
        )
        found[name] = Dimension(name, _label(name), told[name], columns)
    for name, columns in objects.items():
        found[name] = Dimension(name, _label(name), "With its key and name.", tuple(columns))
    for name, grain in TIME.items():
        about = f"The first day of each {grain}." if grain else "Each day, or the grain asked for."
        found[name] = Dimension(name, _label(name), f"{about} Column: {DATE}.", (DATE,))
    return {
        name: Dimension(
            name,
            one.label,
            one.description,
            one.columns,
            tuple(mart.name for mart in marts if mart.dimensions >= set(one.columns) - {DATE}),
        )
        for name, one in sorted(found.items())
    }


def _up_to(columns: list[str], name: str) -> tuple[str, ...]:
    """Give the ids before a column and the column: the key under which it is one object's."""
    key = [column for column in columns if not column.endswith("_name")]
    return tuple(key[: key.index(name) + 1] if name in key else [*key, name])


def _label(name: str) -> str:
    words = ["ID" if word == "id" else word for word in name.split("_")]
    return " ".join([words[0].capitalize(), *words[1:]])


def read_segments(given: Mapping[str, Any], dimensions: set[str]) -> dict[str, NamedSegment]:
    """Read and check the definitions of seeds/segments.yml; RequestError says what is wrong."""
    adapter = TypeAdapter(Segment)
    found = {}
    for name, one in given.items():
        if not isinstance(one, Mapping) or "definition" not in one:
            raise RequestError(f"segment {name}: it has no `definition`", "invalid_segment")
        strange = set(one) - {"label", "description", "definition"}
        if strange:
            raise RequestError(
                f"segment {name}: {sorted(strange)[0]!r} is no key of a segment", "invalid_segment"
            )
        try:
            definition = adapter.validate_python(one["definition"])
        except ValidationError as error:
            where, said = problem(error)
            raise RequestError(f"segment {name}: {where}: {said}", "invalid_segment") from None
        found[name] = NamedSegment(
            name,
            one.get("label") or _label(name),
            one.get("description") or "",
            definition,
        )

    def column(dimension: str) -> str:
        if dimension not in dimensions:
            raise unknown("dimension", dimension, dimensions, "segments")
        return dimension

    for name, segment in found.items():
        try:
            Resolver(found, column, lambda _: None).sql([segment.definition])
        except RequestError as error:
            raise RequestError(
                f"segment {name}: {error.message}", error.code, "segments", error.nearest
            ) from None
    return found
