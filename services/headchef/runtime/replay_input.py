"""A topic that a process reads once more from its beginning, beside its work, when something that it had is lost."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from headchef_contracts.events.common import Cause, Event


class Replayed(NamedTuple):
    """An event that is read once more, and its record."""

    event: Event
    cause: Cause


@dataclass(frozen=True, slots=True)
class Replay:
    """A topic that is read from the earliest record that is left to the end that it has then, without a group.

    Attributes:
        topic: logical name.
        wanted: awaited before each reading; returns when there is to be one.
        taker: awaited with some events at a time, in the order of their partitions. Says whether it could take them; if
            not, it is given the same ones again after a pause. Those that cannot be read are passed over.
        done: awaited when all has been taken that was there at the start. Says whether that is known now; if not, all
            is read again.
    """

    topic: str
    wanted: Callable[[], Awaitable[None]]
    taker: Callable[[Sequence[Replayed]], Awaitable[bool]]
    done: Callable[[], Awaitable[bool]]
