"""The grammar of `--where`, read into the same segments that a request's JSON gives.

    channel = search and (campaign_name contains "brand" or not account_id in (1, 2))
    segment brand_search and currency is not null

`not` binds closer than `and`, `and` closer than `or`. A word needs no quotes; in quotes, a quote
is written twice.
"""

import re
from typing import Any

from pydantic import ValidationError

from api.errors import RequestError, problem, shown
from api.segments import MAX_DEPTH, And, Condition, Named, Not, Or, check_values

TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*')
      | (?P<sign><>|!=|==|=|\(|\)|,)
      | (?P<word>[^\s"'(),=!<>]+)
    )""",
    re.VERBOSE,
)
WORDS = {
    ("is", "not", "null"): "is not null",
    ("is", "null"): "is null",
    ("not", "in"): "not in",
    ("not", "contains"): "not contains",
    ("not", "starts", "with"): "not starts with",
    ("not", "ends", "with"): "not ends with",
    ("not", "matches"): "not matches",
    ("not", "between"): "not between",
    ("starts", "with"): "starts with",
    ("ends", "with"): "ends with",
    ("in",): "in",
    ("contains",): "contains",
    ("matches",): "matches",
    ("between",): "between",
}


def parse_where(text: str) -> Any:
    """Read an expression into a segment; raises RequestError that says where it went wrong."""
    if len(text) > 20_000:
        raise RequestError("the condition is too long", "invalid_where", "where")
    parser = _Parser(_tokens(text))
    found = parser.any_of(0)
    if parser.at < len(parser.tokens):
        raise parser.error("`and` or `or`")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None:
            raise RequestError(
                f"cannot read {shown(text[at:].strip())}: a text in quotes needs both of them",
                "invalid_where",
                "where",
            )
        kind = match.lastgroup or ""
        value = match.group(kind)
        if kind == "quoted":
            value = value[1:-1].replace(value[0] * 2, value[0])
        tokens.append((kind, value))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def error(self, wanted: str) -> RequestError:
        got = shown(self.tokens[self.at][1]) if self.at < len(self.tokens) else "the end"
        return RequestError(
            f"the condition has {got} where {wanted} should be", "invalid_where", "where"
        )

    def word(self, ahead: int = 0) -> str:
        """The unquoted word there, in lower case; empty where there is none."""
        index = self.at + ahead
        if index < len(self.tokens) and self.tokens[index][0] == "word":
            return self.tokens[index][1].lower()
        return ""

    def sign(self, *wanted: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] in [("sign", w) for w in wanted]

    def take(self, wanted: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] == "sign":
            raise self.error(wanted)
        self.at += 1
        return self.tokens[self.at - 1][1]

    def any_of(self, depth: int) -> Any:
        return self._joined("or", Or, lambda: self._joined("and", And, lambda: self._one(depth)))

    def _joined(self, word: str, kind: type, part: Any) -> Any:
        parts = [part()]
        while self.word() == word:
            self.at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else _made(kind, conditions=parts)

    def _one(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise RequestError(f"more than {MAX_DEPTH} levels deep", "too_complex", "where")
        if self.word() == "not":
            self.at += 1
            return _made(Not, condition=self._one(depth + 1))
        if self.sign("("):
            self.at += 1
            found = self.any_of(depth + 1)
            if not self.sign(")"):
                raise self.error("`)`")
            self.at += 1
            return found
        if self.word() == "segment" and not self._operator_follows():
            self.at += 1
            return _made(Named, name=self.take("a segment's name"))
        return self._condition()

    def _operator_follows(self) -> bool:
        self.at += 1
        found = self.sign("=", "!=", "<>", "==") or any(
            all(self.word(index) == word for index, word in enumerate(words)) for words in WORDS
        )
        self.at -= 1
        return found

    def _condition(self) -> Any:
        dimension = self.take("a dimension")
        operator = self._operator()
        if operator in ("is null", "is not null"):
            values = []
        elif operator.endswith("between"):
            values = [self.take("a value")]
            if self.word() != "and":
                raise self.error("`and`")
            self.at += 1
            values.append(self.take("a value"))
        elif self.sign("("):
            values = self._list()
        else:
            values = [self.take("a value")]
        condition = _made(Condition, dimension=dimension, operator=operator, values=values)
        check_values(condition)
        return condition

    def _operator(self) -> str:
        if self.sign("=", "!=", "<>", "=="):
            self.at += 1
            return self.tokens[self.at - 1][1]
        for words, operator in WORDS.items():
            if all(self.word(index) == word for index, word in enumerate(words)):
                self.at += len(words)
                return operator
        raise self.error("an operator (=, !=, in, contains, starts with, matches, …)")

    def _list(self) -> list[str]:
        self.at += 1
        values = [self.take("a value")]
        while self.sign(","):
            self.at += 1
            values.append(self.take("a value"))
        if not self.sign(")"):
            raise self.error("`,` or `)`")
        self.at += 1
        return values


def _made(kind: type, **fields: Any) -> Any:
    try:
        return kind(**fields)
    except ValidationError as error:
        said = problem(error)[1]
        raise RequestError(f"the condition: {said}", "invalid_where", "where") from None
