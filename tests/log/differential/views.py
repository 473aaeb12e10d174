"""What of the two logs is compared: outcomes by their class, records without the time at which a log took them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from headchef.runtime.log.port import Headers, Partition, Record

Outcome = object
"""`ok`, a failure, or a structure of these and of what was read; compared by equality."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An error as it is compared: by its kind. The words are each log's own."""

    kind: str
    told: str = field(compare=False)


_LOGS_OWN_TIME_MS = 10**12
"""No sequence gives a record a time as late as this, 2001, unless it is refused; both logs' clocks are later."""


class Seen(NamedTuple):
    """A record as it is compared."""

    place: tuple[str, int, int]
    key: bytes | None
    value: bytes | None
    headers: Headers
    given_ms: int | None


def viewed(record: Record) -> Seen:
    """Make a record comparable."""
    given_ms = record.timestamp_ms if record.timestamp_ms < _LOGS_OWN_TIME_MS else None
    place = (record.topic, record.partition, record.offset)
    return Seen(place, record.key, record.value, tuple(record.headers), given_ms)


@dataclass(frozen=True, slots=True)
class View:
    """All that can be seen of some topics.

    Attributes:
        counts: their partitions.
        bounds: earliest offset and last stable one.
        committed: what a read_committed reader sees.
        everything: what a read_uncommitted reader sees.
    """

    counts: Mapping[str, int]
    bounds: Mapping[Partition, tuple[int, int]]
    committed: Sequence[Seen]
    everything: Sequence[Seen]
