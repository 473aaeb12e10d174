"""What led to what: which records of a world are named, by something that lies on the log, as its cause."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from headchef_contracts import topics

from headchef.runtime.expiry import EXPIRED
from headchef.runtime.log.memory import Cluster
from headchef.runtime.log.port import Record
from headchef.runtime.timers import read_timer
from tests.simulation.process import NAMESPACE
from tests.simulation.services import INPUTS, SERVICES, pair, timers_of

FRONT_DOORS = pair("jobs.submitted")
MUST_LEAD = frozenset(INPUTS) - {
    *FRONT_DOORS,
    "cache.settled",
    "reservations.asked",
    "budgets.booked",
    "budgets.answered",
    "cache.observed",
}
"""Topics each record of which has a consequence: another event, a dead letter, a timer, or a change of state."""

COMMANDS = "jobs.commands"
_FROM_OUTSIDE = (*FRONT_DOORS, COMMANDS, "answers.corrected")
"""What comes there has no cause but, where it was forwarded, the record that it is a copy of."""

_OUTPUTS = ("attempts.recorded", "jobs.finished", "jobs.refused", "reviews", "answers.withdrawn")
_TIMERS = frozenset(timers for service in SERVICES if service != "router" for timers in timers_of(service))
_LED = "router.jobs.changelog"
"""Each record of which says by what it came: a job that goes through a workflow, and what came of a unit of it."""

_PARKED = "router.parked.changelog"
"""Each record of which says likewise by what the question came that waits for its tenant's budget."""

_CAUSED = (*INPUTS, *_OUTPUTS, *(f"{topic}.dlq" for topic in INPUTS), *sorted(_TIMERS), _LED, _PARKED)
NAMES = tuple(topics.physical(NAMESPACE, topic) for topic in _CAUSED)
"""Full names of the topics whose records have causes."""

_FORWARDED_FROM = "headchef-forwarded-from"


class Spot(NamedTuple):
    """Where a record lies, by the logical name of its topic."""

    topic: str
    partition: int
    offset: int


@lru_cache(maxsize=256)
def topic_of(name: str) -> str:
    """Give the logical name of a topic of a world."""
    return topics.logical(NAMESPACE, name) or name


def spot_of(record: Record) -> Spot:
    """Say where a record lies."""
    return Spot(topic_of(record.topic), record.partition, record.offset)


class Trail:
    """Reads what has been written since it was asked last.

    Args:
        cluster: the log, with all its topics.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._topics = [(name, cluster.topic(name)) for name in NAMES]
        self._causes: set[Spot] = set()
        self._read: dict[str, list[int]] = {name: [] for name in NAMES}

    def causes(self) -> set[Spot]:
        """Give all records that something on the log names as a cause; what was aborted counts too."""
        self.follow()
        return self._causes

    def follow(self) -> None:
        """Read on; also to be called before records are deleted."""
        for name, topic in self._topics:
            ends = [log.end for log in topic.partitions]
            if ends == (read := self._read[name]):
                continue
            self._read[name] = ends
            read += [0] * (len(ends) - len(read))
            for log, end, since in zip(topic.partitions, ends, read, strict=True):
                if end > since:
                    for record in log.records(committed=False, since=since):
                        self._causes.update(causes_of(record))


def names_a_loss(record: Record) -> bool:
    """Say whether this is a dead letter that stands for what expired unread."""
    return record.topic.endswith(".dlq.v1") and dict(record.headers).get("headchef-reason") == EXPIRED.encode()


def lost_by(letter: Record) -> Iterator[Spot]:
    """Give every offset that such a dead letter names."""
    told = dict(letter.headers)
    number, first, last = (
        int(told[name] or b"") for name in ("kafka_original-partition", "headchef-lost-first", "headchef-lost-last")
    )
    yield from (Spot(topic_of(letter.topic).removesuffix(".dlq"), number, offset) for offset in range(first, last + 1))


def causes_of(record: Record) -> Iterator[Spot]:
    """Give what a record names as its causes.

    An event does so in its data, dead letters and forwarded copies in headers, and the timer of a step in its payload.
    """
    topic = topic_of(record.topic)
    if names_a_loss(record):
        yield from lost_by(record)
    elif topic.endswith(".dlq"):
        headers = dict(record.headers)
        place = (int(headers["kafka_original-partition"] or b""), int(headers["kafka_original-offset"] or b""))
        yield Spot(topic.removesuffix(".dlq"), *place)
    elif topic in _FROM_OUTSIDE:
        for name, source in record.headers:
            if name == _FORWARDED_FROM and source is not None:
                yield Spot(topic, *map(int, source.split(b"/")))
    elif record.value is not None:
        for cause in _named(topic, record.key, record.value):
            yield Spot(cause["topic"], cause["partition"], cause["offset"])


def _named(topic: str, key: bytes | None, value: bytes) -> Sequence[Mapping[str, Any]]:
    """Give the causes that an event, a timer or a router's state names in its data."""
    if topic in _TIMERS:
        return [orjson.loads(read_timer(key, value)[0].payload.partition(b"\n")[0])["cause"]] if key else []
    if topic in (_LED, _PARKED):
        # What is left of a job that is over has none: its result has.
        return [cause] if (cause := orjson.loads(value.partition(b"\n")[0]).get("cause")) else []
    causes: Sequence[Mapping[str, Any]] = orjson.loads(value)["decided"]["causes"] if value.startswith(b"{") else ()
    return causes
