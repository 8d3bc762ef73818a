"""Series selectors as PromQL writes them (`name{label="value",other=~"a|b"}`), over labels. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*")
_MATCHER = re.compile(
    r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*(,|(?=\}))"
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class SelectorError(ValueError):
    """The text is no series selector; the message says where."""


@dataclass(frozen=True, slots=True)
class Matcher:
    label: str
    pattern: re.Pattern[str]
    """Of the whole value; a label that is not there is the empty value, as in PromQL."""
    wanted: bool

    def matches(self, labels: Mapping[str, str]) -> bool:
        return bool(self.pattern.fullmatch(labels.get(self.label, ""))) is self.wanted


@dataclass(frozen=True, slots=True)
class Selector:
    matchers: tuple[Matcher, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(one.matches(labels) for one in self.matchers)


def parse(text: str) -> Selector:
    """Raises SelectorError. Regular expressions are anchored at both ends; their dialect is Python's."""
    found = _NAME.match(text)
    assert found
    matchers = [] if found[1] is None else [Matcher("__name__", re.compile(re.escape(found[1])), wanted=True)]
    rest = text[found.end() :].strip()
    if rest:
        if not (rest.startswith("{") and rest.endswith("}")):
            raise SelectorError(f'{text!r}: after the name comes nothing, or {{label="value",…}}')
        matchers += _matchers(rest, text)
    if not any(one.wanted and not one.pattern.fullmatch("") for one in matchers):
        raise SelectorError(f"{text!r}: it selects everything; name at least one label with a value")
    return Selector(tuple(matchers))


def _matchers(braces: str, text: str) -> list[Matcher]:
    matchers, at = [], 1
    while braces[at:].strip() != "}":
        found = _MATCHER.match(braces, at)
        if found is None:
            raise SelectorError(f'{text!r}: no label="value" at {braces[at:]!r}')
        label, operator, quoted, _ = found.groups()
        value = _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), quoted[1:-1])
        if operator in ("=~", "!~"):
            # A backslash in a regular expression is written twice in PromQL's quotes.
            try:
                pattern = re.compile(value)
            except re.error as error:
                raise SelectorError(f"{text!r}: {value!r} is no regular expression: {error}") from None
        else:
            pattern = re.compile(re.escape(value))
        matchers.append(Matcher(label, pattern, wanted=operator in ("=", "=~")))
        at = found.end()
    return matchers
