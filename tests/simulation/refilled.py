"""What must hold of the caches' store where it was lost: what comes back into it, what does not, and that it is hit."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from headchef_contracts.events.cache_use import REUSED

from headchef.cache.policy import COMPLETE
from headchef.cache.store import StoredAnswer
from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, Happened
from tests.simulation.invalidated import submissions_of
from tests.simulation.losing import REFILLED
from tests.simulation.services import FRESH_S, pair
from tests.simulation.store import Loss
from tests.simulation.trail import Spot, topic_of
from tests.support.virtual_time import START


class Asked(NamedTuple):
    """A question."""

    tenant: str
    fingerprint: str


def _what_was_settled_is_back(evidence: Evidence) -> Iterator[str]:
    """Check each answer that was settled before the loss and still holds: it lies in the store, or a later one."""
    kept = {Asked(each.tenant, each.fingerprint): each for each in evidence.store.answers.contents}
    for asked, event in _to_be_put_back(evidence).items():
        found = kept.get(asked)
        if found is None:
            yield f"the answer of {event.data['source_job_id']} to {asked} was settled at {event.spot}, and is not back"
        elif found.settled_at < datetime.fromisoformat(event.data["settled_at"]) and not evidence.faults.clock_jumps:
            yield f"{asked} was settled at {event.data['settled_at']}, and is back as of {found.settled_at}"


def _nothing_else_is_there(evidence: Evidence) -> Iterator[str]:
    """Check each answer in the store of any world: a verdict has accepted it, of that tenant and to that question."""
    settled = {event.spot: event for event in evidence.every("cache.settled")}
    for each in evidence.store.answers.contents:
        event = settled.get(_spot(each))
        if event is None:
            if not evidence.kind.expires:
                yield f"{each.fingerprint} lies there by {each.settled}, which is no verdict"
        elif _asked(event) != (each.tenant, each.fingerprint) or not _is_worth_keeping(event):
            yield f"{each.tenant} has an answer to {each.fingerprint} by {event.data}"


def _nothing_that_holds_no_longer_is_back(evidence: Evidence) -> Iterator[str]:
    """Check what has come back: it had not expired, nor been invalidated or withdrawn some time before the loss.

    Where clocks are wrong nobody can say what has expired; and whoever cannot read the log knows of nothing.
    """
    if (loss := evidence.store.loss) is None:
        return
    news_s = loss.at_s - FRESH_S
    wrong = {
        (event.data["fingerprint"], text)
        for event in evidence.withdrawn
        if event.record.timestamp_ms <= (START.timestamp() + news_s) * 1000
        for text in event.data.get("texts", ())
    }
    settled = {event.spot: event for event in evidence.every("cache.settled")}
    submitted = submissions_of(evidence)
    for each in evidence.store.answers.contents:
        if (event := settled.get(_spot(each))) is None or not _before(event, loss):
            continue
        dated = evidence.ttl_s is not None and not evidence.faults.clock_jumps
        if dated and each.settled_at + timedelta(seconds=evidence.ttl_s or 0) <= START + timedelta(seconds=loss.at_s):
            yield f"the answer of {each.source_job_id} is back, which had expired before the loss"
        if evidence.faults.keep_news_away:
            continue
        if (each.fingerprint, _hash_of(event)) in wrong:
            yield f"the answer of {each.source_job_id} is back, which was found wrong before"
        runs = submitted.get((each.tenant, each.source_job_id), {})
        if runs and any(
            said.at_s <= news_s
            and all(said.concerns(evidence.expected.accepted[job]) and at_s < said.at_s for job, at_s in runs.items())
            for said in evidence.invalidations
        ):
            yield f"the answer of {each.source_job_id} is back, which was invalidated before"


def _what_is_back_is_hit(evidence: Evidence) -> Iterator[str]:
    """Check each job that asked the same when the store was full again: it was given an answer, if it had to be there.

    An answer that does not please this job is refused, and that is a hit too. A cache for which the store was away
    looks again after a while, and says of the steps until then that it was.
    """
    if evidence.store.loss is None or not evidence.in_time:
        return
    there = _to_be_put_back(evidence)
    served_or_away = {
        (event.job, event.unit, event.plan)
        for event in evidence.every("steps.completed")
        if event.data["cache"]["kind"] in REUSED
    } | {
        (event.job, event.unit, event.plan)
        for topic in ALL_DISPATCHED
        for event in evidence.every(topic)
        if event.data["cache"]["kind"] == "unavailable"
    }
    for event in (each for topic in pair("steps.planned") for each in evidence.every(topic)):
        asked = Asked(event.job.tenant, event.data["step"]["fingerprint"])
        wants_it = event.job.job_id.startswith(REFILLED) and event.data["step"].get("cache", "exact") == "exact"
        if wants_it and event.plan == 0 and asked in there and (event.job, event.unit, 0) not in served_or_away:
            yield f"{event.job} asks what {there[asked].data['source_job_id']} had an answer to, and is given none"


REFILL: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "what was settled before the store was lost is in it again": _what_was_settled_is_back,
    "what the store has was accepted, for its tenant and to its question": _nothing_else_is_there,
    "nothing comes back that had expired, or was invalidated or withdrawn": _nothing_that_holds_no_longer_is_back,
    "what is in the store again is hit": _what_is_back_is_hit,
}


def _to_be_put_back(evidence: Evidence) -> Mapping[Asked, Happened]:
    """Give the last verdict before the loss of each question whose answer nothing has been said against.

    What expires is left out: it may do so at any moment since.
    """
    if (loss := evidence.store.loss) is None or evidence.ttl_s is not None:
        return {}
    wrong = {event.data["fingerprint"] for event in evidence.withdrawn}
    found: dict[Asked, Happened] = {}
    submitted = submissions_of(evidence)
    for event in evidence.every("cache.settled"):
        if not _before(event, loss) or not _is_worth_keeping(event) or event.data["fingerprint"] in wrong:
            continue
        runs = submitted.get((event.data["tenant"], event.data["source_job_id"]), {})
        if not any(said.concerns(evidence.expected.accepted[job]) for said in evidence.invalidations for job in runs):
            earlier = found.get(_asked(event))
            if earlier is None or earlier.data["settled_at"] <= event.data["settled_at"]:
                found[_asked(event)] = event
    return found


def _before(event: Happened, loss: Loss) -> bool:
    return any(
        topic_of(partition.topic) == event.spot.topic and partition.number == event.spot.partition
        for partition, end in loss.ends.items()
        if event.spot.offset < end
    )


def _is_worth_keeping(event: Happened) -> bool:
    answer = event.data.get("answer")
    accepted = event.data["verdict"] == "accepted" and answer is not None and answer["finish_reason"] in COMPLETE
    return accepted and (event.data.get("used") or {}).get("kind") not in REUSED


def _asked(event: Happened) -> Asked:
    return Asked(event.data["tenant"], event.data["fingerprint"])


def _spot(answer: StoredAnswer) -> Spot:
    return Spot(answer.settled.topic, answer.settled.partition, answer.settled.offset)


def _hash_of(event: Happened) -> str:
    return hashlib.sha256(str(event.data["answer"]["output"].get("inline")).encode()).hexdigest()
