"""How long a task, or a whole group, wrote nothing although it had something to do."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hop:
    """One record handled.

    Attributes:
        task: partition of the input.
        asked_ms: when the input was written, milliseconds since the epoch.
        answered_ms: when what came of it was written.
    """

    task: int
    asked_ms: int
    answered_ms: int


@dataclass(frozen=True, slots=True)
class Silence:
    """A time without a word: from `from_ms` to `to_ms`, milliseconds since the epoch."""

    from_ms: int
    to_ms: int

    @property
    def seconds(self) -> float:
        """How long."""
        return (self.to_ms - self.from_ms) / 1000


def silences(hops: Iterable[Hop]) -> Iterator[Silence]:
    """Give the time before each answer in which nothing was answered though something had been asked.

    It begins with the answer before, or with the earliest question that was still open then, whichever is later.
    """
    ordered = sorted(hops, key=lambda hop: hop.answered_ms)
    earliest_open = list(_earliest_from_here_on([hop.asked_ms for hop in ordered]))
    before_ms = None
    for hop, asked_ms in zip(ordered, earliest_open, strict=True):
        from_ms = asked_ms if before_ms is None else max(before_ms, asked_ms)
        yield Silence(min(from_ms, hop.answered_ms), hop.answered_ms)
        before_ms = hop.answered_ms


def _earliest_from_here_on(asked_ms: Sequence[int]) -> Iterable[int]:
    found: list[int] = []
    for each in reversed(asked_ms):
        found.append(min(each, found[-1]) if found else each)
    return reversed(found)
