"""What must hold where models stand in for others or are of a tier: in what order they are asked, what results say."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from headchef_contracts.events.jobs import Tried

from tests.simulation.evidence import Evidence
from tests.simulation.history import ALL_DISPATCHED, STEPS, Happened
from tests.simulation.oracle import Job
from tests.simulation.order import order_of

_COUNTED = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_input_tokens", "reasoning_tokens")

_SHARED = frozenset({"deadline_exceeded", "length", "cancelled"})
"""Failures that another model would have too."""

_SAID_SOMETHING = frozenset({"rejected", "length"})


def ended_by_a_router(event: Happened) -> bool:
    """Say whether a result was written where no other model was asked any more."""
    return event.cause.topic == "steps.judged"


def too_late(event: Happened) -> bool:
    """Say whether something was decided after its job's deadline."""
    deadline = event.head.get("deadline")
    at = datetime.fromisoformat(event.data["decided"]["at"])
    return deadline is not None and datetime.fromisoformat(deadline) <= at


def unpaid(event: Happened) -> bool:
    """Say whether a result was written as its tenant's budget allowed no other question."""
    said = [event.data.get("failure") or {}, *(each for each in event.data["findings"] if each["check"] == "repair")]
    return any("the budget of the tenant" in each.get("message", "") for each in said)


def asked_in_order(evidence: Evidence) -> Iterator[str]:
    """Check each step: the models before it are those that come before in the catalogue, and so are those after it."""
    for topic in (*ALL_DISPATCHED, *STEPS):
        for event in evidence.events(topic):
            if (payload := evidence.expected.accepted.get(event.job)) is not None:
                step, order = event.data["step"], order_of(payload)
                said = [*_in_turn(step), *step.get("candidates", ())]
                if said != order:
                    yield f"{topic}: {event.job} plan {event.plan} is said to be for {said}, and is for {order}"


def failed_only_where_all_did(evidence: Evidence) -> Iterator[str]:
    """Check each failed job: every candidate failed, unless it was too late or would have been in vain."""
    for event in evidence.events("jobs.finished"):
        failure, payload = event.data.get("failure"), evidence.expected.accepted.get(event.job)
        if failure is None or payload is None or failure["reason"] in _SHARED or unpaid(event):
            continue
        asked = [*_models(event.data["provenance"].get("tried", ())), event.data["provenance"]["model"]]
        left = order_of(payload)[len(dict.fromkeys(asked)) :]
        if left and not (ended_by_a_router(event) and too_late(event)):
            yield f"{event.job} failed of {failure['reason']} while {left} were not asked"


def results_add_up(evidence: Evidence) -> Iterator[str]:
    """Check what results say that all plans came to. At least once a plan may be made twice, and come to two things."""
    if not evidence.exactly_once:
        return
    ends: dict[Job, list[Happened]] = {}
    for event in evidence.events("steps.completed"):
        ends.setdefault(event.job, []).append(event)
    left: dict[Job, list[Tried]] = {}
    for event in evidence.events("steps.judged"):
        if (failed := event.data.get("failed")) is not None:
            left.setdefault(event.job, []).append(Tried.model_validate(failed))
    for event in evidence.events("jobs.finished"):
        if event.job not in evidence.lost_jobs:
            yield from _differences(event, ends.get(event.job, []), left.get(event.job, []))


def _differences(event: Happened, ends: Sequence[Happened], left: Sequence[Tried]) -> Iterator[str]:
    tried = [Tried.model_validate(each) for each in event.data["provenance"].get("tried", ())]
    costs = [end.cost_usd for end in ends]
    cost_usd = None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))
    usage = {name: sum(_tokens(end)[name] for end in ends) for name in _COUNTED}
    calls = sum(end.data["attempts"] for end in ends)
    by_plan = sorted(left, key=lambda each: each.plan)
    before = by_plan[:-1] if ended_by_a_router(event) else by_plan
    for what, found, wanted in (
        ("USD", event.cost_usd, cost_usd),
        ("tokens", _tokens(event), usage),
        ("calls", event.data["provenance"]["attempts"], calls),
        ("models tried before", tried, before),
    ):
        if found != wanted:
            yield f"{event.job} says {found} {what}, its plans {wanted}"


def _in_turn(step: Mapping[str, Any]) -> Iterator[str]:
    """Give whom a step was for; one whose answer is rejected or cut off may be asked again, one that failed may not."""
    asked = [(str(each["model"]), each["failure"]["reason"] in _SAID_SOMETHING) for each in step.get("tried", ())]
    now = str(step["request"]["model"])
    for (model, said_something), (following, _) in pairwise([*asked, (now, False)]):
        if not (said_something and model == following):
            yield model
    yield now


def _models(tried: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(each["model"]) for each in tried]


def _tokens(event: Happened) -> dict[str, int]:
    said = event.data.get("usage", {})
    return {name: said.get(name, 0) for name in _COUNTED}
