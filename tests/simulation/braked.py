"""What must hold under brakes: which calls may begin, and which jobs may end as cancelled."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import inf
from typing import Any

from headchef_contracts.events.brakes import BrakeScope, BrakeSet

from tests.simulation.brakes import Called, Said, standing
from tests.simulation.evidence import Evidence
from tests.simulation.oracle import Job
from tests.simulation.services import pair

HEEDED_S = 2.0
"""After which every executor heeds a brake that it could read."""


def no_call_under_a_brake_that_is_known(evidence: Evidence) -> Iterator[str]:
    """Check each call that is on record against what its process knew."""
    for job, lane, called in _calls(evidence):
        for brake in called.known:
            if _concerns(brake, job, lane):
                yield f"a call for {job['job_id']} began at {called.at_s:.3f} s under {brake.brake}"


def no_call_long_after_a_brake(evidence: Evidence) -> Iterator[str]:
    """Check each call against what everybody could have read by then, unless a fault keeps that from some."""
    if evidence.faults.keep_news_away:
        return
    spans = list(_spans(evidence.said))
    for job, lane, called in _calls(evidence):
        for said, until_s in spans:
            if said.at_s + HEEDED_S < called.at_s < until_s and _concerns(said.event, job, lane):
                late_s = called.at_s - said.at_s
                yield f"a call for {job['job_id']} began {late_s:.3f} s after {said.event.brake} could be read"


def cancelled_only_by_a_cancel(evidence: Evidence) -> Iterator[str]:
    """Check each result that says so: there was a cancel, the job came before it, and no answer is in the result."""
    cancels = [said.event for said in evidence.said if said.event.action == "cancel"]
    lanes: dict[Job, set[str]] = {}
    for step in (each for topic in pair("steps.planned") for each in evidence.every(topic)):
        lanes.setdefault(step.job, {""}).add(step.data["step"]["request"]["lane"])
    for event in evidence.every("jobs.finished"):
        if event.data["status"] != "cancelled":
            continue
        job, failure = event.data["job"], event.data["failure"]
        if not any(_concerns(each, job, lane) for each in cancels for lane in lanes.get(event.job, {""})):
            yield f"{event.job} was cancelled by nobody"
        if failure["reason"] != "cancelled" or event.data["output"] is not None:
            yield f"{event.job} was cancelled, and says {failure} and {event.data['output']}"


def what_was_said_last_everywhere(evidence: Evidence) -> Iterator[str]:
    """Check in the end that every executor knows what is set, and nothing else."""
    wanted = standing([said.event for said in evidence.said])
    for process, known in evidence.brakes_known.items():
        if known != wanted:
            yield f"{process} heeds {known}, and {wanted} is set"


def _calls(evidence: Evidence) -> Iterator[tuple[Mapping[str, Any], str, Called]]:
    for event in evidence.every("attempts.recorded"):
        called = evidence.called.get(str(event.data.get("provider_request_id")))
        if called is not None:
            yield event.data["job"], event.data["lane"], called


def _spans(said: list[Said]) -> Iterator[tuple[Said, float]]:
    """Give each brake with when it ended: at what was said next of the same entry; a later cancel ends none."""
    for number, each in enumerate(said):
        if each.event.action == "resume":
            continue
        later = (next_one.at_s for next_one in said[number + 1 :] if next_one.event.brake == each.event.brake)
        yield each, inf if each.event.action == "cancel" else next(later, inf)


def _concerns(brake: BrakeSet, job: Mapping[str, Any], lane: str) -> bool:
    if brake.action == "cancel" and datetime.fromisoformat(job["submitted_at"]) > brake.set_at:
        return False
    return _is_of(brake.scope, job, lane)


def _is_of(scope: BrakeScope, job: Mapping[str, Any], lane: str) -> bool:
    """Compare field by field; nothing of this is the executor's."""
    tenant, labels = job.get("tenant", "default"), job.get("labels", {})
    if scope.job_id is not None:
        return bool((tenant, job["job_id"]) == (scope.tenant, scope.job_id))
    if scope.batch_id is not None and scope.tenant is not None:
        return bool((tenant, job.get("batch_id")) == (scope.tenant, scope.batch_id))
    return bool(
        tenant == scope.tenant
        or lane == scope.lane
        or (scope.batch_id is not None and job.get("batch_id") == scope.batch_id)
        or any(labels.get(name) == value for name, value in (scope.labels or {}).items())
    )
