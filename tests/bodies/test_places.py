"""Bodies are found in every event that has some, and put back where they were."""

from typing import Any

import pytest

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.calls import CallEnded
from headchef_contracts.events.common import Event, Inline, Ref
from headchef_contracts.events.steps import Step
from headchef_contracts.registry import REGISTRY, decode, encode

from headchef.bodies.places import bodies_in, changed, tenant_of
from tests.bodies.builders import reference_to
from tests.support.builders import (
    make_answer,
    make_call,
    make_completed,
    make_decided,
    make_head,
    make_planned,
    make_rejected,
    make_review,
    make_step,
)
from tests.support.manual_clock import START

TO_X = Ref(ref=reference_to("x"))
SETTLED = CacheSettled(
    fingerprint="0" * 64,
    tenant="acme",
    verdict="accepted",
    answer=make_answer("a"),
    model="m",
    source_job_id="j",
    cost_usd=None,
    settled_at=START,
    decided=make_decided(),
)
STEP = make_step("q", job=make_head(tenant="acme"))
CASES: list[tuple[Event, list[Any]]] = [
    (make_planned("q", job=make_head(tenant="acme")), ["q"]),
    (make_completed("a", step=STEP), ["q", "a"]),
    (make_rejected(STEP, "said"), ["q", "said"]),
    (make_call(arguments={"n": 1}, job=make_head(tenant="acme")), [{"n": 1}]),
    (SETTLED, ["a"]),
    (make_review("d", job=make_head(tenant="acme")), ["d"]),
]


def values(event: Event, leave: type[Step] | None = None) -> list[Any]:
    return [body.inline if isinstance(body, Inline) else body.ref for body in bodies_in(event, leave)]


@pytest.mark.parametrize(("event", "found"), CASES)
def test_all_bodies_of_an_event_are_found_with_whose_it_is(event: Event, found: list[Any]) -> None:
    assert (values(event), tenant_of(event)) == (found, "acme")


@pytest.mark.parametrize(("event", "found"), CASES)
def test_references_take_their_places_and_go_again(event: Event, found: list[Any]) -> None:
    others = iter([Ref(ref=reference_to(value)) for value in found])
    closed = changed(event, lambda _: next(others))
    read = decode(closed.event_type, closed.version, encode(closed))
    assert values(read) == [reference_to(value) for value in found]
    back = iter([Inline(inline=value) for value in found])
    assert changed(read, lambda _: next(back)) == event


@pytest.mark.parametrize(("event", "_"), CASES)
def test_an_event_whose_bodies_stay_is_the_same_object(event: Event, _: object) -> None:
    assert changed(event, lambda body: body) is event


def test_parts_are_left_as_they_are() -> None:
    completed = make_completed("a", step=STEP)
    assert values(completed, Step) == ["a"]
    assert changed(completed, lambda _: TO_X, Step).step is completed.step


def test_every_event_that_says_whose_it_is_can_be_asked() -> None:
    """An event with bodies whose tenant is not found would keep them, whatever their size."""
    for model in REGISTRY.models.values():
        known = {"job", "step", "tenant"} & set(model.model_fields)
        schema = str(model.model_json_schema())
        assert known or "/Ref'" not in schema or model.event_type == "headchef.job.submitted", model


def test_an_output_that_is_not_there_stays_so() -> None:
    failed = CallEnded.model_validate(
        {
            "job": make_head(),
            "workflow": "w@1",
            "step_id": "s",
            "failure": {"reason": "raised", "message": "no"},
            "duration_s": 1.0,
            "decided": make_decided(),
        }
    )
    assert changed(failed, lambda _: TO_X) is failed
