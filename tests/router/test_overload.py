"""The door shuts before waiting work can expire, says why, and opens again; what was accepted before stays accepted."""

import pytest

from headchef_contracts.events.jobs import JobRefused

from headchef.router.overload import OverloadPolicy, OverloadState
from headchef.runtime.backlog import Oldest
from headchef.runtime.processor import DeadLetter, Emit, Outcome
from tests.router.conftest import Door
from tests.support.builders import make_delivery, make_job, make_judged
from tests.support.manual_clock import START

DAY_S = 86_400.0
NOW_S = START.timestamp()


def waiting(share: float, processor: str = "executor.default", *, falling_behind: bool = False) -> Oldest:
    """Give a record that has waited this share of a week."""
    topic = "jobs.submitted" if processor == "router" else "steps.dispatched.default"
    return Oldest(processor, topic, 2, NOW_S - share * 7 * DAY_S, 7 * DAY_S, falling_behind)


def state() -> OverloadState:
    return OverloadState(OverloadPolicy(refuse_at=0.75, accept_below=0.5), "router")


def refusal_of(outcome: Outcome) -> JobRefused | None:
    emitted = outcome.outputs[-1]
    return emitted.event if isinstance(emitted, Emit) and isinstance(emitted.event, JobRefused) else None


def test_it_shuts_at_one_share_and_opens_below_a_lower_one() -> None:
    door = state()
    shares = [0.0, 0.74, 0.75, 0.9, 0.6, 0.5, 0.49, 0.74, 0.75]
    shut = [door.judge([waiting(share)], NOW_S) is not None for share in shares]
    assert shut == [False, False, True, True, True, True, False, False, True]


def test_the_worst_of_all_topics_decides_and_is_named() -> None:
    words = state().judge([waiting(0.1), waiting(0.8, "validator"), waiting(0.76)], NOW_S)
    assert words is not None
    assert words.startswith("steps.dispatched.default[2]: its oldest unfinished record has waited 5.6 days of 7.0 days")
    assert "until that is below 3.5 days" in words
    assert "headchef dlq redrive --reason overloaded" in words


def test_a_topic_that_keeps_for_ever_never_shuts_the_door() -> None:
    ever = Oldest("validator", "steps.completed", 0, NOW_S - 10_000 * DAY_S, None)
    assert state().judge([ever], NOW_S) is None
    assert state().judge([], NOW_S) is None


def test_old_jobs_before_the_door_itself_are_taken_while_it_catches_up() -> None:
    door = state()
    assert door.judge([waiting(0.9, "router")], NOW_S) is None
    assert door.judge([waiting(0.9, "router", falling_behind=True)], NOW_S) is not None
    assert door.judge([waiting(0.85, "router")], NOW_S) is None


@pytest.mark.parametrize(("seconds", "words"), [(30.0, "30.0 s"), (900.0, "15.0 minutes"), (7200.0, "2.0 hours")])
def test_ages_are_told_in_fitting_units(seconds: float, words: str) -> None:
    found = state().judge([Oldest("cache", "steps.planned", 0, NOW_S - seconds, seconds)], NOW_S)
    assert found is not None
    assert f"waited {words} of {words}" in found


async def test_a_new_job_is_refused_with_its_bytes_kept_and_accepted_later(door: Door) -> None:
    door.backlog.oldest = (waiting(0.8),)
    outcome = await door.submit(make_job("job-1"))
    refused = refusal_of(outcome)
    assert refused is not None
    assert (refused.reason, refused.field, refused.job_id) == ("overloaded", None, "job-1")
    assert isinstance(outcome.outputs[0], DeadLetter)
    assert outcome.changes == ()
    assert door.metrics.total("headchef.jobs.refused", reason="overloaded") == 1
    door.backlog.oldest = (waiting(0.4),)
    assert refusal_of(await door.submit(make_job("job-1"))) is None, "a refusal is no acceptance: it may come again"


async def test_what_was_accepted_is_neither_refused_nor_held_up(door: Door) -> None:
    await door.submit(make_job("job-1"))
    door.backlog.oldest = (waiting(0.9),)
    assert (await door.submit(make_job("job-1"), offset=1)).counted == ("headchef.jobs.duplicates",)
    [planned] = (await door.deliver(make_delivery(make_judged(), topic="steps.judged"))).outputs
    assert isinstance(planned, Emit)
    assert planned.topic == "steps.planned"


async def test_a_bad_job_hears_what_is_wrong_with_it_first(door: Door) -> None:
    door.backlog.oldest = (waiting(0.9),)
    refused = refusal_of(await door.submit({"job_id": "job-1", "promt": "hi"}))
    assert refused is not None
    assert refused.reason == "invalid"
