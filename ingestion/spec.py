"""Platform specs: one YAML file that describes an export, so that no code is needed to read it.

The models below are the language; `ingestion/spec.schema.json` is made from them for editors
(`python -m ingestion.spec > ingestion/spec.schema.json`).
"""

import difflib
import hashlib
import json
import os
import re
import string
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ingestion.contract import MEASURES, MONEY
from pipeline.errors import CampaignsError, UsageError

TEXTS = [
    *("platform", "account_id", "account_name", "currency", "time_zone"),
    *("campaign_id", "campaign_name", "ad_group_id", "ad_group_name", "ad_id", "ad_name"),
    *("channel", "device", "country"),
]
CANONICAL = ["date", *TEXTS, *MEASURES]
LEVELS = ("campaign", "ad_group", "ad")
NULLS = ["", "-", "--", "n/a", "#n/a", "null", "none", "nan", "\N{EM DASH}"]


class Strict(BaseModel):
    """A part of the language; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class NumberFormat(Strict):
    """How numbers are written; currency signs, spaces, % and (negative) need no mention."""

    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None

    @model_validator(mode="after")
    def _thousands_differ(self) -> "NumberFormat":
        self.thousands = self.thousands or ("," if self.decimal == "." else ".")
        if self.thousands == self.decimal:
            raise ValueError(f"decimal and thousands are both '{self.decimal}'")
        return self


class Format(Strict):
    """What kind of file it is; what is left out is found out from the file."""

    kind: Literal["csv", "excel", "parquet"] = "csv"
    encoding: str | None = Field(None, description="for instance utf-16 or cp1252")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | None = Field(None, description="Excel: the sheet's name; default the first")

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, name: str | None) -> str | None:
        if name:
            try:
                "".encode(name)
            except LookupError as error:
                raise ValueError(f"'{name}' is no encoding that Python knows") from error
        return name


class Mapping(Strict):
    """A column of the file, or a template over several, with its values translated."""

    column: str | None = None
    template: str | None = Field(None, description='text with {Column} in it: "{month} {day} 2020"')
    values: dict[str, str] = Field({}, description="value in the file (any case): value here")
    default: str | None = Field(None, description="for an empty or untranslated value")

    @model_validator(mode="after")
    def _one_origin(self) -> "Mapping":
        if (self.column is None) == (self.template is None):
            raise ValueError("give either column or template")
        return self

    @property
    def sources(self) -> list[str]:
        """The file's columns that this mapping reads."""
        if self.column is not None:
            return [self.column]
        return [name for _, name, _, _ in string.Formatter().parse(self.template or "") if name]


class Spec(Strict):
    """One export of one or more platforms, as files."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    description: str = ""
    files: list[str] = Field(min_length=1, description="globs; relative to this file")
    format: Format = Format()
    grain: Literal["day", "week", "month"] = "day"
    overlap: Literal["replace", "add"] = Field(
        "replace",
        description="two files with the same account and day: the later name replaces the "
        "earlier, or (add) they are parts of one export",
    )
    date_format: list[str] = Field(["%Y-%m-%d"], description="strptime formats, tried in order")
    number_format: NumberFormat = NumberFormat()
    null_values: list[str] = Field(NULLS, description="texts that mean: no value (any case)")
    skip_lines: str | None = Field(None, description="regular expression: lines to pass over")
    constants: dict[str, str] = {}
    columns: dict[str, Mapping]
    computed: dict[str, str] = Field({}, description="measure: SQL expression over the columns")

    @field_validator("files", "date_format", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("format", mode="before")
    @classmethod
    def _format_by_name(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @field_validator("columns", mode="before")
    @classmethod
    def _column_by_name(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: {"column": str(v)} if not isinstance(v, dict) else v for k, v in value.items()}

    @field_validator("constants", mode="before")
    @classmethod
    def _text(cls, value: Any) -> Any:
        return {k: str(v) for k, v in value.items()} if isinstance(value, dict) else value

    @field_validator("skip_lines")
    @classmethod
    def _is_a_regex(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _names_are_known(self) -> "Spec":
        for name in self.constants:
            if name not in TEXTS:
                raise ValueError(f"constants: '{name}' is no text column{_nearest(name, TEXTS)}")
        for name in self.computed:
            if name not in MEASURES:
                raise ValueError(f"computed: '{name}' is no measure{_nearest(name, MEASURES)}")
        for name in self.helpers:
            if not any(re.search(rf"\b{re.escape(name)}\b", sql) for sql in self.computed.values()):
                raise ValueError(
                    f"columns: '{name}' is no canonical name{_nearest(name, CANONICAL)}, "
                    "and no computed column uses it"
                )
        given = [*self.constants, *self.columns, *self.computed]
        for name in sorted({name for name in given if given.count(name) > 1}):
            raise ValueError(f"'{name}' is given twice: keep one of columns, constants, computed")
        for name in ("date", "platform", "account_id"):
            if name not in given:
                raise ValueError(f"'{name}' is missing: give it under columns or constants")
        if not {"campaign_id", "campaign_name"} & set(given):
            raise ValueError("give campaign_id or campaign_name under columns or constants")
        if not set(MEASURES) & set(given):
            raise ValueError(f"no measure is mapped; there are: {', '.join(MEASURES)}")
        return self

    @model_validator(mode="after")
    def _computed_binds(self) -> "Spec":
        inputs = dict.fromkeys(self.helpers, "decimal(38, 9)") | {
            name: "bigint" if kind != MONEY else "decimal(38, 9)"
            for name, kind in MEASURES.items()
            if name in self.columns
        }
        row = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in inputs.items())
        for name, sql in self.computed.items():
            try:
                duckdb.sql(f"select ({sql}) from (select {row or 'null as nothing'})").fetchall()
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise ValueError(f"computed: {name}: '{sql}' does not work: {reason}") from error
        return self

    @property
    def helpers(self) -> list[str]:
        """Columns that only computed expressions use; they are read as numbers."""
        return [name for name in self.columns if name not in CANONICAL]

    @property
    def report(self) -> str:
        """The finest level that the export names: campaign, ad_group or ad."""
        given = {*self.constants, *self.columns}
        named = [level for level in LEVELS if {f"{level}_id", f"{level}_name"} & given]
        return named[-1]

    @property
    def sources(self) -> list[str]:
        """The file's columns that must be there, each once."""
        return list(dict.fromkeys(c for mapping in self.columns.values() for c in mapping.sources))

    @property
    def fingerprint(self) -> str:
        """Changes when the spec reads the same file differently."""
        described = self.model_dump_json(exclude={"files", "description"})
        return hashlib.sha256(described.encode()).hexdigest()


def load_spec(path: Path) -> Spec:
    """Read and validate a spec; `${VAR}` in `files` is taken from the environment.

    Raises UsageError where there is no such file, CampaignsError (one line) where it is wrong.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such spec; give a platform's name or the path of a *.yml")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CampaignsError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise CampaignsError(f"{path}: is empty or no mapping; see ingestion/specs/examples/")
    try:
        spec = Spec.model_validate(content)
    except ValidationError as error:
        raise CampaignsError(f"{path}: {_first(error)}") from error
    spec.files = [os.path.expandvars(pattern) for pattern in spec.files]
    return spec


def _first(error: ValidationError) -> str:
    """Say the first thing that is wrong, where it stands and what was probably meant."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = Spec.model_fields if len(first["loc"]) == 1 else _fields_of(str(first["loc"][0]))
        return f"'{place}' is no key of a spec{_nearest(str(first['loc'][-1]), known)}"
    if first["type"] == "missing":
        return f"'{place}' is missing"
    message = str(first.get("ctx", {}).get("error", first["msg"]))
    more = error.error_count() - 1
    return (f"{place}: " if place else "") + message + (f" (and {more} more)" if more else "")


def _fields_of(key: str) -> dict[str, Any]:
    models = {"format": Format, "number_format": NumberFormat, "columns": Mapping}
    return dict(models[key].model_fields) if key in models else {}


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def json_schema() -> str:
    """The spec language as JSON Schema, with the short forms that YAML allows."""
    schema = Spec.model_json_schema()
    text: dict[str, Any] = {"type": "string"}
    fields = schema["properties"]
    for name in ("files", "date_format"):
        fields[name] = {"anyOf": [text, dict(fields[name])]}
    fields["format"] = {"anyOf": [{"enum": ["csv", "excel", "parquet"]}, fields["format"]]}
    mapping = fields["columns"]["additionalProperties"]
    fields["columns"]["additionalProperties"] = {"anyOf": [text, mapping]}
    fields["constants"]["additionalProperties"] = {"type": ["string", "number"]}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
