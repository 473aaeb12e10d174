"""What follows where a model fails for good: the next candidate, once each, or the end of the job."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import CacheMode, Parameters
from headchef_contracts.events.jobs import FailureReason, JobFinished
from headchef_contracts.events.steps import Step, StepPlanned
from headchef_contracts.registry import decode, encode

from headchef.result import total
from headchef.router.again import after_failure
from headchef.router.asking import NobodyLeft
from headchef.runtime.processor import Emit
from tests.router.conftest import Door, make_catalogue
from tests.support.builders import (
    NOON,
    make_delivery,
    make_failed,
    make_head,
    make_job,
    make_step,
    make_tried,
)

LANES = {"small": "default", "large": "premium", "other": "second"}
CATALOGUE = make_catalogue(LANES, {"small": ("large", "other")})


async def emitted(step: Step, door: Door | None = None) -> Emit:
    delivery = make_delivery(make_failed(step), topic="steps.judged", value=b"{}", offset=9)
    [output] = (await (door or Door(CATALOGUE)).deliver(delivery)).outputs
    assert isinstance(output, Emit)
    assert decode(output.event.event_type, 1, encode(output.event)) == output.event
    return output


async def planned(step: Step, door: Door | None = None) -> Step:
    output = await emitted(step, door)
    assert output.topic == "steps.planned"
    assert isinstance(output.event, StepPlanned)
    return output.event.step


async def ended(step: Step) -> JobFinished:
    output = await emitted(step)
    assert output.topic == "jobs.finished"
    assert isinstance(output.event, JobFinished)
    return output.event


async def first_plan(door: Door, model: str = "small") -> Step:
    job = make_job(model=model, parameters={"temperature": 0.5}, output={"schema": {"maximum": 1.0}})
    [output] = (await door.submit(job)).outputs
    assert isinstance(output, Emit)
    assert isinstance(output.event, StepPlanned)
    return output.event.step


async def test_a_plan_carries_the_candidates_of_its_model() -> None:
    assert (await first_plan(Door(CATALOGUE))).candidates == ("large", "other")
    assert (await first_plan(Door(CATALOGUE), "large")).candidates == ()


async def test_the_next_candidate_is_asked_the_same_on_its_own_lane() -> None:
    door = Door(CATALOGUE)
    first = await first_plan(door)
    second = await planned(first, door)
    assert (second.plan, second.request.model, second.request.lane) == (1, "large", "premium")
    assert second.candidates == ("other",)
    assert [each.model for each in second.tried] == ["small"]
    assert second.request.model_copy(update={"model": "small", "lane": "default"}) == first.request
    assert (second.job, second.prompt_sha256, second.step_id) == (first.job, first.prompt_sha256, first.step_id)
    third = await planned(second, door)
    assert (third.plan, third.request.model, third.candidates) == (2, "other", ())
    assert [(each.plan, each.model) for each in third.tried] == [(0, "small"), (1, "large")]


async def test_a_step_that_is_handed_over_goes_to_the_partitions_of_its_new_lane() -> None:
    lanes = dict(CATALOGUE.lanes)
    for lane, used in (("default", 2), ("premium", 3), ("second", None)):
        lanes[lane] = replace(lanes[lane], active_partitions=used)
    door = Door(replace(CATALOGUE, lanes=lanes))
    first = await first_plan(door)
    second = await planned(first, door)
    third = await planned(second, door)
    assert [step.lane_partitions for step in (first, second, third)] == [2, 3, None]
    unused = [await planned(await first_plan(Door(CATALOGUE))), await first_plan(Door(CATALOGUE))]
    assert not any("lane_partitions" in step.model_fields_set for step in unused)


async def test_its_fingerprint_is_that_of_a_job_which_names_it() -> None:
    door = Door(CATALOGUE)
    handed_over = await planned(await first_plan(door), door)
    assert handed_over.fingerprint == (await first_plan(Door(CATALOGUE), "large")).fingerprint


@pytest.mark.parametrize("cache", ["exact", "bypass"])
async def test_the_cache_is_used_as_the_job_says(cache: CacheMode) -> None:
    assert (await planned(make_step(candidates=("large",), cache=cache))).cache == cache


async def test_the_decision_names_the_catalogue_in_force_and_what_was_judged() -> None:
    output = await emitted(make_step(candidates=("large",)))
    assert isinstance(output.event, StepPlanned)
    decided = output.event.decided
    assert (decided.catalog_version, output.event.step.catalog_version) == ("cafe", "cafe")
    assert [(cause.topic, cause.offset) for cause in decided.causes] == [("steps.judged", 9)]


async def test_candidates_that_are_gone_are_passed_over() -> None:
    step = await planned(make_step(candidates=("gone", "large", "gone too", "other")))
    assert (step.request.model, step.candidates) == ("large", ("gone too", "other"))


async def test_where_all_are_gone_the_job_ends_with_the_last_failure() -> None:
    before = make_tried("first", cost_usd=Decimal("0.5"), attempts=1, provider_s=1.0)
    result = await ended(make_step(candidates=("gone",), tried=(before,), plan=1))
    assert result.failure is not None
    assert result.failure.reason == "timeout"
    assert result.failure.message == "30 s (no other model was asked: catalogue cafe does not have gone)"
    assert (result.status, result.output, result.provenance.model) == ("failed", None, "small")
    assert result.provenance.tried == (before,)
    assert (result.cost_usd, result.provenance.attempts, result.timing.provider_s) == (Decimal("0.75"), 5, 3.0)
    assert (result.timing.finished_at, result.decided.policy_version) == (NOON, "router/9")


@pytest.mark.parametrize("of", ["job", "step"])
@pytest.mark.parametrize(("left_s", "asked"), [(-1, False), (0, False), (1, True)])
async def test_no_other_model_is_asked_after_the_deadline(left_s: int, asked: bool, of: str) -> None:
    deadline = NOON + timedelta(seconds=left_s)
    about: dict[str, Any] = {"job": make_head(deadline=deadline)} if of == "job" else {"deadline": deadline}
    output = await emitted(make_step(candidates=("large",), **about))
    assert output.topic == ("steps.planned" if asked else "jobs.finished")
    if isinstance(output.event, JobFinished) and output.event.failure is not None:
        assert "the deadline 2026-11-22" in output.event.failure.message


async def test_hand_overs_and_ends_are_counted() -> None:
    door = Door(CATALOGUE)
    await planned(make_step(candidates=("large",)), door)
    await emitted(make_step(candidates=("gone",)), door)
    counted = {"from": "small", "to": "large", "reason": "timeout"}
    assert door.metrics.total("headchef.steps.handed_over", **counted) == 1
    assert door.metrics.total("headchef.jobs.finished", status="failed", model="small") == 1
    assert door.metrics.total("headchef.steps.replanned") == 0


MODELS = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1, max_size=8)
REASONS: Sequence[FailureReason] = ("timeout", "refusal", "provider_unavailable")


@given(MODELS, st.sets(st.sampled_from("abcdefgh")), st.data())
def test_each_model_is_asked_once_in_order_and_the_sums_add_up(
    models: list[str], known: set[str], data: st.DataObject
) -> None:
    catalogue = make_catalogue(dict.fromkeys(sorted(known | {models[0]}), "default"))
    step, failures = make_step(model=models[0], candidates=tuple(models[1:]), parameters=Parameters(seed=1)), []
    while True:
        cost = data.draw(st.none() | st.decimals(0, 10, places=4))
        attempts, reason = data.draw(st.integers(0, 9)), data.draw(st.sampled_from(REASONS))
        failed = make_tried(step.request.model, reason, plan=step.plan, cost_usd=cost, attempts=attempts)
        failures.append(failed)
        following = after_failure(step, failed, catalogue=catalogue, now=NOON)
        if isinstance(following, NobodyLeft):
            break
        assert following.fingerprint != step.fingerprint
        step = following
    assert [each.model for each in failures] == [name for name in models if name in catalogue.models]
    assert [each.plan for each in failures] == list(range(len(failures)))
    assert step.tried == tuple(failures[:-1])
    came, costs = total(failures), [each.cost_usd for each in failures]
    assert came.attempts == sum(each.attempts for each in failures)
    assert came.usage.input_tokens == 10 * len(failures)
    assert came.cost_usd == (None if None in costs else sum(cost for cost in costs if cost is not None))
