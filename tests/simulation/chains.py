"""What must hold of the events of a job: one chain, nothing after its end, and ids that stand for one thing each."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.simulation.candidates import ended_by_a_router, unpaid
from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, EVENT_TOPICS, STEPS, Happened
from tests.simulation.moves import moved_from
from tests.simulation.oracle import Place
from tests.simulation.services import pair

Meaning = tuple[Any, ...]

_CALL = ("number", "provider_request_id", "started_at", "duration_s")


def one_chain_of_events(evidence: Evidence) -> Iterator[str]:
    """Check each job: plans are planned and completed, all but the last handed back, and nothing follows its result.

    The last is handed back too where a router ended the job.
    """
    planned, completed, judged = (
        Counter((event.job, event.plan) for topic in each for event in evidence.events(topic))
        for each in (pair("steps.planned"), ("steps.completed",), ("steps.judged",))
    )
    dispatched = Counter(
        (event.job, event.plan)
        for topic in ALL_DISPATCHED
        for event in evidence.events(topic)
        if moved_from(event) is None
    )
    seen = _times if evidence.exactly_once else _at_all
    ended = {event.job for event in evidence.events("jobs.finished") if ended_by_a_router(event)}
    never_asked = {event.job for event in evidence.events("jobs.finished") if unpaid(event)}
    never_asked -= {job for job, _ in planned}
    for job in (job for job in evidence.expected.accepted if job not in evidence.led | never_asked):
        last = max((plan for each, plan in planned if each == job), default=0)
        for plan in range(last + 1):
            chain = (seen(planned[job, plan]), seen(completed[job, plan]), seen(judged[job, plan]))
            # At least once a router may have planned another step of the job that it ends, before a crash. And what is
            # lost may be the verdict that hands the step back.
            either = plan == last and (job in evidence.lost_jobs or (job in ended and not evidence.exactly_once))
            whole = (1, 1, chain[2] if either else int(plan < last or job in ended))
            if seen(dispatched[job, plan]) > 1 or (chain != whole and (job not in evidence.lost_jobs or chain > whole)):
                yield f"{job} plan {plan}: planned, completed, judged {chain}, dispatched {dispatched[job, plan]}"
    known = evidence.expected.accepted.keys() | evidence.accounted.judgements
    found = dict.fromkeys(job for job, _ in planned + completed + judged + dispatched)
    yield from (f"an event of {job}, which was not accepted" for job in found if job not in known)


def nothing_after_the_end(evidence: Evidence) -> Iterator[str]:
    """Check each event of a job that has ended: it is not from after that. At least once something may be repeated."""
    if not evidence.exactly_once:
        return
    ended_ms = {event.job: event.record.timestamp_ms for event in evidence.every("jobs.finished")}
    for topic in (*ALL_DISPATCHED, *STEPS):
        for event in evidence.every(topic):
            if event.record.timestamp_ms > ended_ms.get(event.job, event.record.timestamp_ms):
                yield f"{topic} has an event of {event.job} from after its result"


def an_id_means_one_thing(evidence: Evidence) -> Iterator[str]:
    """Check each: exactly once it is there once; at least once who drops repeats by it must lose nothing else."""
    for topic in EVENT_TOPICS:
        found: dict[str, list[Meaning]] = {}
        for event in evidence.every(topic):
            found.setdefault(event.id, []).append(_meaning(topic, event, evidence))
        for each, meanings in found.items():
            if len(meanings if evidence.exactly_once else set(meanings)) > 1:
                yield f"{topic} has event id {each} {len(meanings)} times: {dict.fromkeys(meanings)}"


def a_thing_has_one_id(evidence: Evidence) -> Iterator[str]:
    """Check each result and refusal: otherwise whoever drops repeats would count the same result or refusal twice."""
    for topic in ("jobs.finished", "jobs.refused"):
        ids: dict[Meaning, set[str]] = {}
        for event in evidence.every(topic):
            ids.setdefault(_meaning(topic, event, evidence), set()).add(event.id)
        yield from (f"{topic} tells of {each} with ids {found}" for each, found in ids.items() if len(found) > 1)


def refused_place(event: Happened) -> Place:
    """Say where the record lay that is refused."""
    return Place(*(event.data["source"][name] for name in ("topic", "partition", "offset")))


def _meaning(topic: str, event: Happened, evidence: Evidence) -> Meaning:
    """Say what an event tells of. At least once a step may be planned twice, and a record forwarded twice.

    A call that is made again is another call: whoever drops it as a repeat misses what it cost.
    """
    if topic == "jobs.refused":
        place = refused_place(event)
        return evidence.origins.get(place, place)
    if topic == "cache.settled":
        return event.data["fingerprint"], event.data["source_job_id"]
    if topic == "attempts.recorded":
        return (event.job, event.unit, event.plan, *(str(event.data.get(name)) for name in _CALL))
    return event.job, event.unit, event.plan


def _times(count: int) -> int:
    return count


def _at_all(count: int) -> int:
    return min(count, 1)
