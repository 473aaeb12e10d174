"""What is known of the work that waits: since when the oldest unfinished record of each input lies in the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest unfinished record of one partition.

    Attributes:
        processor: whose input it is.
        topic: logical name.
        partition: its number.
        since_s: when the record was written, in seconds of the epoch.
        retention_s: how long the topic keeps it, in seconds; None for ever.
        falling_behind: whether it is older than what was the oldest a look ago, so that reading does not keep up.
    """

    processor: str
    topic: str
    partition: int
    since_s: float
    retention_s: float | None
    falling_behind: bool = False

    def age_s(self, now_s: float) -> float:
        """Give how long the record has waited, in seconds; 0 if a clock that is ahead has stamped it."""
        return max(0.0, now_s - self.since_s)

    def used(self, now_s: float) -> float:
        """Give that age as a share of the retention: at 1 the record can expire."""
        return 0.0 if self.retention_s is None else self.age_s(now_s) / self.retention_s


class Backlog:
    """A board that the runtime writes to at each look, and gauges and policies read.

    Args:
        watched: inputs of other processors that are looked at beside a processor's own, as logical names by processor.

    Attributes:
        watched: the same; others may be put in its place at any time.
        oldest: one for each partition with unfinished records; a new tuple at each look.
    """

    def __init__(self, watched: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
        self.watched = watched
        self.oldest: tuple[Oldest, ...] = ()
