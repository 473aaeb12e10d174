"""A topic that all processes of a processor read, each of them the whole of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from headchef_contracts.events.common import Event


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A topic that every process reads whole, without a group: to its end before it has tasks, then as it goes on.

    Attributes:
        topic: logical name.
        taker: awaited for each event, in the order of its partition, and again for all after a loss in the log. May
            raise `InvalidEvent` for one that cannot be taken: it is logged, counted and passed over.
        settle: awaited once, when all has been taken that was there at the start. May raise `BadSettings` if this
            process cannot work with that; it then ends.
        refused: awaited with the key of a record that was passed over, and why; where to pass it over is not harmless.
        dated: called before a record is taken or refused with when it was published, by the log's clock.
        fresh: called with a time on the monotonic clock, in seconds, about twice a second while the log answers: all
            has been taken that was there then.
    """

    topic: str
    taker: Callable[[Event], Awaitable[None]]
    settle: Callable[[], Awaitable[None]] | None = None
    refused: Callable[[bytes | None, str], Awaitable[None]] | None = None
    dated: Callable[[datetime], None] | None = None
    fresh: Callable[[float], None] | None = None
