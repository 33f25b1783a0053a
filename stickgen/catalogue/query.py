"""The filter language: `status:running val.loss<0.1 and not (name~test or lr>1e-3)`.

    filter     = both ("or" both)*
    both       = one (["and"] one)*            words beside each other must all hold
    one        = "not" one | "(" filter ")" | comparison | word
    comparison = field operator value          spaces around the operator are allowed
    operator   = ":" "=" "!=" "<" "<=" ">" ">=" "~" "!~"
    word, value: anything without spaces and brackets, or in "quotes"

`=` compares numbers as numbers and texts whatever their case; `:` finds a part of a text; of tags, both ask whether the
run has it. `~` searches for a regular expression. `!=` and `!~` are `not` of the others. A value that a run does not
have, or that is not finite, fails every comparison, so that `not val.loss<1` also finds runs without a validation.
A word alone stands for `name:word`. Numbers may have a unit: `age<2d`, `rss_bytes>4GiB`, `parameters>20M`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from stickgen.errors import StickgenError
from stickgen.text import clean

OPERATORS = ("!=", "!~", "<=", ">=", "==", ":", "=", "<", ">", "~")
_ORDERED = {"<", "<=", ">", ">="}
_DEEPEST = 50  # brackets in brackets
_LONGEST = 10_000  # characters
_WORD = re.compile(r"""[^\s()"'<>=!~:]+""")
_VALUE = re.compile(r"""[^\s()"']+""")
_QUOTED = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""", re.DOTALL)
_NUMBER = re.compile(r"([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)([a-zA-Z%]*)")
_UNITS = {
    "": 1.0, "%": 0.01, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0,
    "k": 1e3, "M": 1e6, "G": 1e9, "B": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40,
}  # fmt: skip

ValueOf = Callable[
    [str], object
]  # the value of a field of a run: a text, a number, a tuple of texts, or None


class QueryError(StickgenError):
    """A filter that cannot be read. `at` is the place in the text, from 0."""

    def __init__(self, text: str, at: int, sentence: str) -> None:
        self.at, self.sentence = at, sentence
        around = clean(text[max(at - 20, 0) : at + 20], single_line=True)
        super().__init__(f"filter, character {at + 1}: {sentence} (near {around!r})" if text else sentence)


@dataclass(frozen=True)
class Comparison:
    """A field, an operator and what it is compared with. "" is the name of a word alone."""

    name: str
    operator: str
    value: str
    number: float | None = field(default=None, compare=False)
    pattern: re.Pattern[str] | None = field(default=None, compare=False)

    def holds(self, value_of: ValueOf) -> bool:
        """Whether it holds of a run."""
        if self.operator in ("!=", "!~"):
            return not self._holds(value_of(self.name), self.operator[1])
        return self._holds(value_of(self.name), self.operator)

    def _holds(self, found: object, operator: str) -> bool:
        if found is None:
            return operator in ("=", ":") and self.value.lower() in ("none", "null")
        if operator == "~":
            assert self.pattern is not None
            texts = found if isinstance(found, tuple) else (plain(found),)
            return any(self.pattern.search(str(text)) for text in texts)
        if isinstance(found, tuple):
            return operator in ("=", ":") and self.value.lower() in [str(one).lower() for one in found]
        if isinstance(found, bool | str):
            return self._holds_of_text(plain(found).lower(), operator)
        if not isinstance(found, int | float) or self.number is None or not math.isfinite(found):
            return operator in ("=", ":") and plain(found) == self.value.lower()
        match operator:
            case "<":
                return found < self.number
            case "<=":
                return found <= self.number
            case ">":
                return found > self.number
            case ">=":
                return found >= self.number
        return found == self.number or math.isclose(found, self.number, rel_tol=1e-12)

    def _holds_of_text(self, found: str, operator: str) -> bool:
        wanted = self.value.lower()
        return operator == ":" and wanted in found or operator == "=" and wanted == found


@dataclass(frozen=True)
class Not:
    """The contrary."""

    one: Query

    def holds(self, value_of: ValueOf) -> bool:
        """Whether it holds of a run."""
        return not self.one.holds(value_of)


@dataclass(frozen=True)
class Every:
    """Every one of them; none at all holds of every run."""

    parts: tuple[Query, ...] = ()

    def holds(self, value_of: ValueOf) -> bool:
        """Whether it holds of a run."""
        return all(part.holds(value_of) for part in self.parts)


@dataclass(frozen=True)
class Either:
    """At least one of them."""

    parts: tuple[Query, ...]

    def holds(self, value_of: ValueOf) -> bool:
        """Whether it holds of a run."""
        return any(part.holds(value_of) for part in self.parts)


Query = Comparison | Not | Every | Either


def plain(value: object) -> str:
    """A value as it is written in a filter: `true`, `none`, `0.001`, `left hand`."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def fields_of(query: Query) -> frozenset[str]:
    """The fields that a filter asks for."""
    match query:
        case Comparison():
            return frozenset({query.name})
        case Not():
            return fields_of(query.one)
    return frozenset().union(*(fields_of(part) for part in query.parts))


def written(query: Query) -> str:
    """A query as text that reads as the same query."""
    match query:
        case Comparison():
            value = query.value
            if not _VALUE.fullmatch(value) or value[0] in ":=<>~!":
                value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            return f"{query.name}{query.operator}{value}"
        case Not():
            return f"not {_bracketed(query.one)}"
        case Every():
            return " and ".join(map(_bracketed, query.parts))
    return " or ".join(map(_bracketed, query.parts))


def _bracketed(query: Query) -> str:
    return written(query) if isinstance(query, Comparison | Not) else f"({written(query)})"


def parse(text: str, resolve: Callable[[str], str]) -> Query:
    """Read a filter; "" is one that every run passes.

    `resolve` gives the full name of a field as it was typed, and raises StickgenError if there is no such field.
    Raises QueryError with the place of what is wrong.
    """
    if len(text) > _LONGEST:
        raise QueryError(text[:40], 0, f"a filter has at most {_LONGEST:,} characters")
    return _Parser(text, resolve).whole()


class _Parser:
    """Recursive descent over the text."""

    def __init__(self, text: str, resolve: Callable[[str], str]) -> None:
        self._text, self._resolve = text, resolve
        self._at = self._depth = 0

    def whole(self) -> Query:
        if not self._skip_spaces():
            return Every()
        query = self._filter()
        if self._skip_spaces():
            raise self._error("this bracket closes nothing" if self._text[self._at] == ")" else "unexpected")
        return query

    def _filter(self) -> Query:
        parts = [self._both()]
        while self._keyword("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Query:
        parts = [self._one()]
        while True:
            if self._keyword("and"):
                parts.append(self._one())
            elif not self._skip_spaces() or self._text[self._at] == ")" or self._sees("or"):
                return parts[0] if len(parts) == 1 else Every(tuple(parts))
            else:
                parts.append(self._one())

    def _one(self) -> Query:
        if not self._skip_spaces():
            raise self._error("the filter ends where a word or a comparison should stand")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} brackets or `not` in each other")
        try:
            if self._keyword("not"):
                return Not(self._one())
            if self._text[self._at] == "(":
                return self._in_brackets()
            for keyword in ("and", "or"):
                if self._sees(keyword):
                    raise self._error(f"`{keyword}` needs a word or a comparison on both sides")
            return self._comparison()
        finally:
            self._depth -= 1

    def _in_brackets(self) -> Query:
        opened = self._at
        self._at += 1
        if self._skip_spaces() and self._text[self._at] == ")":
            raise self._error("there is nothing in these brackets")
        query = self._filter()
        if not self._skip_spaces() or self._text[self._at] != ")":
            raise self._error("this bracket is never closed", opened)
        self._at += 1
        return query

    def _comparison(self) -> Comparison:
        start = self._at
        if self._text[start] in "\"'":
            return Comparison(self._field("name", start), ":", self._quoted())
        found = _WORD.match(self._text, start)
        if found is None:
            sign = self._text[start]
            raise self._error("there is no field before the operator" if sign in "<>=!~:" else "unexpected")
        self._at = found.end()
        after_word = self._at
        self._skip_spaces()
        operator = next((sign for sign in OPERATORS if self._text.startswith(sign, self._at)), None)
        if operator is None:
            self._at = after_word
            if self._text.startswith("!", self._at):
                raise self._error("`!` stands only before = or ~; write not")
            return Comparison(self._field("name", start), ":", found[0])
        field_name = self._field(found[0], start)
        self._at += len(operator)
        if not self._skip_spaces():
            raise self._error(f"there is nothing behind {operator}")
        return self._compared(field_name, "=" if operator == "==" else operator)

    def _compared(self, field_name: str, operator: str) -> Comparison:
        start = self._at
        if self._text[start] in "\"'":
            value, number = self._quoted(), None
        else:
            found = _VALUE.match(self._text, start)
            if found is None:
                raise self._error(f"there is nothing behind {operator}; put a text with brackets into quotes")
            self._at, value = found.end(), found[0]
            number = number_of(value)
        pattern = None
        if operator in _ORDERED and number is None:
            raise self._error(f"{operator} compares numbers, and {value!r} is none", start)
        if operator in ("~", "!~"):
            try:
                pattern = re.compile(value, re.IGNORECASE)
            except (re.error, RecursionError, OverflowError) as error:
                raise self._error(f"no regular expression: {error}", start) from error
        return Comparison(field_name, operator, value, number, pattern)

    def _field(self, typed: str, at: int) -> str:
        try:
            return self._resolve(typed)
        except StickgenError as error:
            raise QueryError(self._text, at, str(error)) from error

    def _quoted(self) -> str:
        found = _QUOTED.match(self._text, self._at)
        if found is None:
            raise self._error("this quote is never closed")
        self._at = found.end()
        inside = found[1] if found[1] is not None else found[2]
        return re.sub(r"""\\(["'\\])""", r"\1", inside)

    def _keyword(self, word: str) -> bool:
        if not self._sees(word):
            return False
        self._at += len(word)
        return True

    def _sees(self, word: str) -> bool:
        """Whether this keyword comes next, as a word of its own and not as a field."""
        self._skip_spaces()
        found = _WORD.match(self._text, self._at)
        if found is None or found[0].lower() != word:
            return False
        return not self._text.startswith(OPERATORS, found.end())

    def _skip_spaces(self) -> bool:
        """Whether anything comes after them."""
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at < len(self._text)

    def _error(self, sentence: str, at: int | None = None) -> QueryError:
        return QueryError(self._text, self._at if at is None else at, sentence)


def number_of(text: str) -> float | None:
    """`1e-3`, `4GiB`, `2d` as a number; None if it is none."""
    found = _NUMBER.fullmatch(text)
    if found is None or found[2] not in _UNITS:
        return None
    number = float(found[1].replace("_", "")) * _UNITS[found[2]]
    return number if math.isfinite(number) else None
