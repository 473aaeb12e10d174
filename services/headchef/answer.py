"""Finds the JSON value in what a model said: bare, in a code fence, or with prose around it. Linear in the text."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

import orjson

from headchef.schema import depth_of

_MAX_CANDIDATES = 1_000
_BLANK = " \t\r\n\ufeff"
_OPENING = re.compile(r"[\[{]")
_FENCE = re.compile(r"```[A-Za-z0-9_+.-]*[ \t\r]*\n?")


class AnswerRefused(Exception):
    """What a model said is not the JSON value that was asked for.

    Args:
        check: which check says so.
        message: what is wrong.
    """

    def __init__(self, check: str, message: str) -> None:
        super().__init__(f"{check}: {message}")
        self.check = check
        self.message = message


def parse_answer(text: str, *, kinds: frozenset[str], max_characters: int, max_depth: int) -> Any:
    """Read the JSON value out of an answer.

    Args:
        text: what the model said.
        kinds: JSON types that the value may have, such as `object`; empty if any will do.
        max_characters: longer texts are refused.
        max_depth: values nested deeper are refused.

    Returns:
        The whole text's value; else that of the first code fence that holds one of the kinds; else the first object
        or array of the kinds in the prose. If there is only a value of another kind, that value.

    Raises:
        AnswerRefused: there is none, or it is ambiguous (a key twice), not finite, too large or nested too deeply.
    """
    if len(text) > max_characters:
        raise AnswerRefused("size", f"the answer has {len(text)} characters; at most {max_characters} are taken")
    if not text.strip(_BLANK):
        raise AnswerRefused("empty", "the answer is empty")
    value = _Search(text, kinds).value()
    _check_portable(value, max_depth)
    return value


class _Search:
    """Three searches, of which each reads the text once: from a failure it goes on where reading stopped."""

    def __init__(self, text: str, kinds: frozenset[str]) -> None:
        self._text = text
        self._kinds = kinds
        self._first_error: json.JSONDecodeError | None = None
        self._misfits: list[Any] = []

    def value(self) -> Any:
        start = len(self._text) - len(self._text.lstrip(_BLANK))
        whole = self._decoded(start)
        if whole is not None and not self._text[whole[1] :].strip(_BLANK):
            return whole[0]
        for value in (*self._fenced(), *self._in_prose()):
            return value
        if self._misfits:
            return self._misfits[0]
        raise AnswerRefused("json", self._complaint())

    def _fenced(self) -> Iterator[Any]:
        at = 0
        for _ in range(_MAX_CANDIDATES):
            fence = _FENCE.search(self._text, at)
            if fence is None:
                return
            begin = fence.end()
            while begin < len(self._text) and self._text[begin] in _BLANK:
                begin += 1
            found = self._decoded(begin)
            if found is not None and _fits(found[0], self._kinds):
                yield found[0]
                return
            if found is not None:
                self._misfits.append(found[0])
            at = max(fence.end(), self._read_to)

    def _in_prose(self) -> Iterator[Any]:
        at = 0
        for _ in range(_MAX_CANDIDATES):
            opening = _OPENING.search(self._text, at)
            if opening is None:
                return
            found = self._decoded(opening.start())
            if found is not None and _fits(found[0], self._kinds):
                yield found[0]
                return
            at = max(opening.end(), self._read_to)

    def _decoded(self, at: int) -> tuple[Any, int] | None:
        """Read a value that begins here; where reading stopped is kept."""
        try:
            value, self._read_to = _DECODER.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            self._read_to = error.pos
            if self._first_error is None and self._text[at : at + 1] in ("{", "["):
                self._first_error = error
            return None
        except RecursionError:
            raise AnswerRefused("depth", "the answer is nested too deeply") from None
        except ValueError as error:
            raise AnswerRefused("json", f"a number cannot be read: {error}") from None
        return value, self._read_to

    def _complaint(self) -> str:
        wanted = " or ".join(sorted(self._kinds)) or "value"
        if self._first_error is None:
            return f"there is no JSON {wanted} in the answer"
        error = self._first_error
        return f"no whole JSON {wanted} in the answer: {error.msg} at line {error.lineno} column {error.colno}"


def _fits(value: Any, kinds: frozenset[str]) -> bool:
    return not kinds or not kinds.isdisjoint(_kinds_of(value))


def _kinds_of(value: Any) -> tuple[str, ...]:
    match value:
        case dict():
            return ("object",)
        case list():
            return ("array",)
        case str():
            return ("string",)
        case bool():
            return ("boolean",)
        case None:
            return ("null",)
        case _:
            return ("number", "integer")


def _check_portable(value: Any, max_depth: int) -> None:
    """Refuse what the readers of results could not read."""
    try:
        written = orjson.dumps(value)
    except TypeError as error:
        # 64-bit integers, UTF-8 and 254 levels are all that most JSON readers take.
        raise AnswerRefused("json", f"the value cannot be passed on: {error}") from None
    if written.count(b"{") + written.count(b"[") > max_depth and depth_of(value, max_depth) > max_depth:
        raise AnswerRefused("depth", f"the answer is nested deeper than {max_depth} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise AnswerRefused("json", f"an object has the key {twice[:100]!r} twice")
    return members


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise AnswerRefused("json", f"the number {text[:40]} is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise AnswerRefused("json", f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
