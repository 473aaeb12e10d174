"""Steps that were moved to another partition of their lane: out of one that is not in use, into one that is."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, Happened
from tests.simulation.trail import Spot


def moved_from(event: Happened) -> Spot | None:
    """Say where a dispatched step lay before, or None where it was not moved."""
    cause = event.data["decided"]["causes"][0]
    return Spot(cause["topic"], cause["partition"], cause["offset"]) if cause["topic"] in ALL_DISPATCHED else None


def no_call_where_nothing_is_in_use(evidence: Evidence) -> Iterator[str]:
    """By the catalogue that the calling process used when the call began."""
    for event in evidence.every("attempts.recorded"):
        called = evidence.called.get(str(event.data.get("provider_request_id")))
        if called is None or called.version is None:
            continue
        active = evidence.catalogues.by_version[called.version].lanes[event.data["lane"]].active_partitions
        cause = event.data["decided"]["causes"][0]
        if active is not None and cause["partition"] >= active:
            yield f"a call for {event.job} began at {called.at_s:.3f} s for {cause}, and {active} partitions are in use"


def moved_into_use(evidence: Evidence) -> Iterator[str]:
    """By the catalogue that each move names; and exactly once a step is moved once from where it lay."""
    sources: Counter[Spot] = Counter()
    for topic in ALL_DISPATCHED:
        for event in evidence.every(topic):
            if (source := moved_from(event)) is None:
                continue
            sources[source] += 1
            catalogue = evidence.catalogues.by_version[event.data["decided"]["catalog_version"]]
            active = catalogue.lanes[event.data["step"]["request"]["lane"]].active_partitions
            if source.topic != topic or active is None or not event.spot.partition < active <= source.partition:
                yield f"{source} was moved to {event.spot}, where {active} partitions were in use"
    if evidence.exactly_once:
        yield from (f"{source} was moved {times} times" for source, times in sources.items() if times > 1)
