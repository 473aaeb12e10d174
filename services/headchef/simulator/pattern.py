"""Makes strings that match the common part of regular expressions: classes, groups, choices, repetitions."""

import re
import string
from collections.abc import Callable
from random import Random

Piece = Callable[[Random, int], str]
"""Gives a string; the number says how many repetitions above the least an open-ended repetition may take."""

_CLASSES = {"d": string.digits, "w": string.ascii_letters + string.digits + "_", "s": " "}
_CLASSES |= {"D": string.ascii_letters, "W": " -.,", "S": string.ascii_letters + string.digits}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_PRINTABLE = string.ascii_letters + string.digits + " -_.,:;/"
_REPEAT = re.compile(r"([*+?]|\{(\d+)(,(\d*))?\})[?+]?")


class UnknownSyntax(Exception):
    """The expression uses something beyond the common part, such as a look-ahead."""


def compile_pattern(pattern: str) -> Piece:
    """Compile an expression into a maker of matching strings.

    Raises:
        UnknownSyntax: the expression is beyond the common part.
    """
    parser = _Parser(pattern)
    piece = parser.choice()
    if not parser.ended:
        raise UnknownSyntax(pattern)
    return piece


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._pattern)

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise UnknownSyntax(self._pattern)
        self._at += 1
        return char

    def choice(self) -> Piece:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        return lambda random, extent: branches[int(random.random() * len(branches))](random, extent)

    def _sequence(self) -> Piece:
        pieces = []
        while not self.ended and self._peek() not in "|)":
            piece = self._atom()
            if piece is not None:
                pieces.append(self._repeated(piece))
        return lambda random, extent: "".join([piece(random, extent) for piece in pieces])

    def _atom(self) -> Piece | None:
        char = self._take()
        if char in "^$":
            return None
        if char == "(":
            return self._group()
        if char == "[":
            return _one_of(self._class())
        if char == ".":
            return _one_of(_PRINTABLE)
        if char == "\\":
            escaped = self._take()
            return None if escaped in "bAZ" else _one_of(self._escape(escaped))
        if char in "*+?{":
            raise UnknownSyntax(self._pattern)
        return _one_of(char)

    def _group(self) -> Piece:
        if self._peek() == "?":
            if not self._pattern.startswith("?:", self._at):
                raise UnknownSyntax(self._pattern)
            self._at += 2
        inner = self.choice()
        if self._take() != ")":
            raise UnknownSyntax(self._pattern)
        return inner

    def _escape(self, char: str) -> str:
        if char in _CLASSES:
            return _CLASSES[char]
        if char.isalnum() and char not in _ESCAPES:
            raise UnknownSyntax(self._pattern)
        return _ESCAPES.get(char, char)

    def _class(self) -> str:
        negated = self._peek() == "^"
        self._at += negated
        chars: list[str] = []
        while (char := self._take()) != "]" or not chars:
            members = self._escape(self._take()) if char == "\\" else char
            if (
                len(members) == 1
                and self._peek() == "-"
                and self._pattern[self._at + 1 : self._at + 2] not in ("]", "")
            ):
                self._at += 1
                end = self._take()
                end = self._escape(self._take()) if end == "\\" else end
                members = "".join(map(chr, range(ord(members), ord(end) + 1)))
            chars.append(members)
        listed = set("".join(chars))
        allowed = "".join(char for char in _PRINTABLE if char not in listed) if negated else "".join(sorted(listed))
        if not allowed:
            raise UnknownSyntax(self._pattern)
        return allowed

    def _repeated(self, piece: Piece) -> Piece:
        match = _REPEAT.match(self._pattern, self._at)
        if not match:
            return piece
        self._at = match.end()
        sign, least_text, comma, most_text = match.groups()
        least = {"*": 0, "?": 0, "+": 1}.get(sign, int(least_text or 0))
        most = 1 if sign == "?" else least if least_text and not comma else int(most_text) if most_text else None

        def repeat(random: Random, extent: int) -> str:
            top = least + extent if most is None else min(most, least + extent)
            return "".join([piece(random, extent) for _ in range(random.randint(least, top))])

        return repeat


def _one_of(chars: str) -> Piece:
    return (lambda random, extent: chars) if len(chars) == 1 else lambda random, extent: random.choice(chars)
