"""How many calls of a lane may go on at once in some worlds, and how those that go on are held against it.

A call goes on at the provider until it has been answered. If nobody waits for that any more, since its process was
killed or has given it up, it goes on for as long as a call may take. What goes on beyond is held against nobody.
"""

from asyncio import CancelledError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from headchef.catalogue import Catalogue
from tests.simulation.quota import LIMITED_LANE

MOST = 3
"""Less than what the topic table has tasks: those of a world are fewer, so it is not written in a catalogue's text."""


class Calls(NamedTuple):
    """How long calls take, and how long their callers wait, in seconds."""

    from_s: float
    to_s: float
    timeout_s: float


USUAL = Calls(0.01, 0.5, 1.5)

SLOW = Calls(0.3, 1.4, 4.0)
"""Where calls at once are limited: there are more than may go on, and whoever takes over from a process that has
died, after a session, does so before their time is over."""

_WORLDS = 0.25


def drawn_at_once(chance: Random) -> bool:
    """Draw whether calls at once are limited in a world."""
    return chance.random() < _WORLDS


def with_a_limit(catalogue: Catalogue) -> Catalogue:
    """Give a catalogue that limits the calls at once of one lane."""
    lane = catalogue.lanes[LIMITED_LANE]
    limited = replace(lane, quota=replace(lane.quota, concurrency=MOST))
    return replace(catalogue, lanes=MappingProxyType({**catalogue.lanes, lane.name: limited}))


@dataclass(slots=True)
class Span:
    """From when until when a call goes on, in seconds."""

    from_s: float
    to_s: float


class GoingOn:
    """Notes the calls of each account as the provider sees them."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Span]] = {}

    @contextmanager
    def call(self, host: str, now_s: Callable[[], float], timeout_s: float) -> Iterator[None]:
        """Note a call, which is answered when this ends, unless nobody waits for it any more.

        Args:
            host: of the account.
            now_s: gives the time.
            timeout_s: after which it is over, whoever waits for it.
        """
        span = Span(now_s(), now_s() + timeout_s)
        self._spans.setdefault(host, []).append(span)
        try:
            yield
        except (CancelledError, GeneratorExit):
            raise
        except Exception:
            span.to_s = min(span.to_s, now_s())
            raise
        span.to_s = min(span.to_s, now_s())

    def of(self, host: str) -> Sequence[Span]:
        """Give the calls of an account."""
        return self._spans.get(host, ())


def beyond(spans: Sequence[Span], most: int) -> list[str]:
    """Give when more calls went on than may, in words; the first time alone."""
    edges = sorted([(span.to_s, -1) for span in spans] + [(span.from_s, 1) for span in spans])
    number = 0
    for at_s, change in edges:
        number += change
        if number > most:
            return [f"{number} calls went on at {at_s:.3f} s, of {most} that may"]
    return []
