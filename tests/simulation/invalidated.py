"""What must hold of earlier answers: none is served that was invalidated, or has expired."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.services import FRESH_S, pair
from tests.support.virtual_time import START

Check = Callable[[Evidence], Iterable[str]]

_REUSED = frozenset({"exact", "coalesced", "semantic"})
_Source = tuple[str, str]
"""Tenant and job id."""


def nothing_invalidated_is_served(evidence: Evidence) -> Iterator[str]:
    """Find what was served later than a cache may not know what was said, of what was asked for before.

    Where clocks are wrong, that something was served late is known only of jobs that were submitted late.
    """
    if not evidence.invalidations:
        return
    submitted = submissions_of(evidence)
    for event in _hits(evidence):
        served = event.head["submitted_at"] if evidence.faults.clock_jumps else event.data["decided"]["at"]
        source = _source(event)
        asked = submitted.get(source, {})
        for said in evidence.invalidations:
            if (
                _s(served) > said.at_s + FRESH_S
                and asked
                and all(at_s < said.at_s for at_s in asked.values())
                and all(said.concerns(evidence.expected.accepted[job]) for job in asked)
            ):
                yield f"{event.job} got at {served} the answer to {source}, which was invalidated at {said.at_s:.3f} s"


def nothing_expired_is_served(evidence: Evidence) -> Iterator[str]:
    """Find what was served after its time, by the clocks of who accepted it and of who served it."""
    if evidence.ttl_s is None:
        return
    settled: dict[tuple[str, str, str], float] = {}
    for event in evidence.every("cache.settled"):
        if event.data["verdict"] == "accepted":
            key = event.data["tenant"], event.data["source_job_id"], event.data["fingerprint"]
            settled[key] = max(_s(event.data["settled_at"]), settled.get(key, float("-inf")))
    for event in _hits(evidence):
        if event.data["cache"]["kind"] == "exact":
            at_s = settled.get((*_source(event), event.data["step"]["fingerprint"]))
            if at_s is not None and _s(event.data["decided"]["at"]) >= at_s + evidence.ttl_s:
                yield f"{event.job} got an answer of {_source(event)} after it had expired"


INVALIDATED: Mapping[str, Check] = {
    "nothing is served that was invalidated two seconds before": nothing_invalidated_is_served,
    "nothing is served that has expired": nothing_expired_is_served,
}


def _hits(evidence: Evidence) -> Iterator[Happened]:
    for event in evidence.every("steps.completed"):
        if event.data["cache"]["kind"] in _REUSED and event.data["cache"].get("source_job_id") is not None:
            yield event


def _source(event: Happened) -> _Source:
    return event.job.tenant, event.data["cache"]["source_job_id"]


def submissions_of(evidence: Evidence) -> Mapping[_Source, Mapping[Job, float]]:
    """Give when each accepted run of each job was submitted, in seconds on the loop's clock, by its tenant and id."""
    found: dict[_Source, dict[Job, float]] = {}
    for topic in pair("steps.planned"):
        for event in evidence.every(topic):
            if event.job in evidence.expected.accepted:
                source = event.job.tenant, event.job.job_id
                found.setdefault(source, {})[event.job] = _s(event.head["submitted_at"])
    return found


def _s(at: str) -> float:
    """Give a time on the loop's clock."""
    return (datetime.fromisoformat(at) - START).total_seconds()
