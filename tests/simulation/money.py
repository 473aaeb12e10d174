"""What must hold of money: recorded cost against the provider's bill, and a step's cost against its attempts'."""

from collections.abc import Iterator
from decimal import Decimal

from headchef_contracts.events.common import Usage

from headchef.catalogue.pricing import cost_of
from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened
from tests.simulation.oracle import Job
from tests.simulation.provider import Billed

Plan = tuple[Job, tuple[str, str | None], int]
"""Of a step, or of an item of one."""


def never_more_than_the_bill(evidence: Evidence) -> Iterator[str]:
    """A call that is recorded is on the bill, as much as it says, and under one id, by which copies can be dropped."""
    ids: dict[str, set[str]] = {}
    for event in _paid(evidence):
        number = _request_of(event)
        model = evidence.catalogues.by_version[event.data["price_version"]].models[event.data["model"]]
        billed = evidence.bill.get(number)
        ids.setdefault(number, set()).add(event.id)
        if billed is None or len(ids[number]) > 1:
            yield f"the call {number} is recorded as {ids[number]} and billed {int(billed is not None)} times"
        elif event.cost_usd != cost_of(Usage(**_tokens(billed)), model.prices):
            yield f"the call {number} was billed otherwise than recorded: {event.cost_usd}"


def all_of_the_bill_where_no_answer_was_lost(evidence: Evidence) -> Iterator[str]:
    # At least once nothing is committed in a round, and whoever the group goes on without loses what waits for its end.
    given_up = evidence.faults.cut_off and not evidence.exactly_once
    if evidence.faults.lose_calls or given_up or evidence.kind.expires:
        return
    recorded = {_request_of(event) for event in _paid(evidence)}
    for number, billed in evidence.bill.items():
        if billed.told and number not in recorded:
            yield f"the call {number} was billed and answered, and is not recorded"


def a_step_costs_what_its_attempts_cost(evidence: Evidence) -> Iterator[str]:
    """At least once a call may be made again, and recorded beside the one that the step came from, or in its place.

    The last is so where a crash let only the step's end through.
    """
    calls = {_request_of(event): event for event in _paid(evidence)}
    attempts: dict[Plan, Decimal] = {}
    for event in calls.values():
        key = (event.job, event.unit, event.plan)
        attempts[key] = attempts.get(key, Decimal(0)) + (event.cost_usd or Decimal(0))
    ends: dict[Plan, list[Decimal]] = {}
    for event in evidence.every("steps.completed"):
        ends.setdefault((event.job, event.unit, event.plan), []).append(event.cost_usd or Decimal(0))
    for plan, said in ends.items():
        recorded = attempts.get(plan, Decimal(0))
        if min(said) > recorded or (evidence.exactly_once and set(said) != {recorded}):
            yield f"{plan} says {said} USD, its attempts {recorded}"


def _paid(evidence: Evidence) -> list[Happened]:
    return [event for event in evidence.every("attempts.recorded") if event.data.get("usage") is not None]


def _request_of(event: Happened) -> str:
    return str(event.data.get("provider_request_id"))


def _tokens(billed: Billed) -> dict[str, int]:
    return {
        "input_tokens": billed.input_tokens,
        "output_tokens": billed.output_tokens,
        "cached_input_tokens": billed.cached_input_tokens,
        "cache_write_input_tokens": billed.cache_write_input_tokens,
    }
