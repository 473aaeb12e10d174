"""One event of a job's history, and the order in which a history is told."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headchef_contracts.events.common import Decided, Event

RANK = {
    "headchef.job.submitted": 0,
    "headchef.job.refused": 1,
    "headchef.step.planned": 2,
    "headchef.step.dispatched": 3,
    "headchef.attempt.recorded": 4,
    "headchef.step.completed": 5,
    "headchef.call.planned": 2,
    "headchef.call.ended": 5,
    "headchef.fetch.planned": 2,
    "headchef.fetch.ended": 5,
    "headchef.retrieval.planned": 2,
    "headchef.retrieval.ended": 5,
    "headchef.reservation.asked": 2,
    "headchef.reservation.answered": 5,
    "headchef.review.asked": 2,
    "headchef.review.closed": 5,
    "headchef.command.refused": 5,
    "headchef.step.judged": 6,
    "headchef.cache.settled": 7,
    "headchef.cache.observed": 8,
    "headchef.judgement.planned": 0,
    "headchef.judgement.asked": 8,
    "headchef.judgement.ended": 8,
    "headchef.reservation.released": 7,
    "headchef.job.finished": 8,
}
"""The way of a job through the processors, for events that clocks cannot tell apart."""

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Hop:
    """One record that belongs to a job.

    Attributes:
        topic: logical name.
        partition: its number.
        offset: where in the partition.
        timestamp_ms: when it was written, by the writer's clock, in milliseconds since 1970.
        event_type: of the CloudEvents header or of the topic; None for what could not be read.
        event_id: `ce_id`, or None for producers that set none.
        event: the decoded event, or None.
        fault: why the record could not be decoded, or None.
        value: the bytes as they lie in the log.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    event_type: str | None
    event_id: str | None
    event: Event | None
    fault: str | None
    value: bytes

    @property
    def place(self) -> Place:
        """Name the record: logical topic, partition, offset."""
        return self.topic, self.partition, self.offset

    @property
    def causes(self) -> tuple[Place, ...]:
        """Name the records that led to this one."""
        decided = getattr(self.event, "decided", None)
        if not isinstance(decided, Decided):
            return ()
        return tuple((cause.topic, cause.partition, cause.offset) for cause in decided.causes)


def in_order(hops: Iterable[Hop]) -> list[Hop]:
    """Order events so that causes come first; what no cause orders is ordered by time, then by the pipeline.

    Clocks of different machines differ, so a time alone could show an answer before its question.

    Args:
        hops: each record once or several times; copies are dropped.
    """
    at = {hop.place: hop for hop in hops}
    open_causes = {
        place: {cause for cause in hop.causes if cause in at and cause != place} for place, hop in at.items()
    }
    effects: dict[Place, list[Place]] = {place: [] for place in at}
    for place, causes in open_causes.items():
        for cause in causes:
            effects[cause].append(place)
    ready = [_sort_key(at[place]) for place, causes in open_causes.items() if not causes]
    heapq.heapify(ready)
    told: list[Hop] = []
    while ready:
        place = heapq.heappop(ready)[2]
        told.append(at[place])
        for effect in effects[place]:
            open_causes[effect].discard(place)
            if not open_causes[effect]:
                heapq.heappush(ready, _sort_key(at[effect]))
    return told + _in_a_circle(at, told)


def _in_a_circle(at: dict[Place, Hop], told: Sequence[Hop]) -> list[Hop]:
    left = set(at) - {hop.place for hop in told}
    return sorted((at[place] for place in left), key=_sort_key)


def _sort_key(hop: Hop) -> tuple[int, int, Place]:
    return hop.timestamp_ms, RANK.get(hop.event_type or "", -1), hop.place
