"""What follows from a lookup, and which answers are worth keeping."""

from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import CacheMode, Cause, Usage
from headchef_contracts.events.steps import StepCompleted, StepDispatched

from headchef.cache.policy import VERSION, CachePolicy, Choice, Hit, Pass, choose, express, worth_keeping
from headchef.cache.store import StoredAnswer
from headchef.cache.validity import serving
from tests.cache.builders import SETTLED, make_answer, make_settled, make_step, make_stored
from tests.support.manual_clock import START

PLANNED = Cause(topic="steps.planned", partition=2, offset=11)
STORED = make_stored()


@pytest.mark.parametrize(
    ("mode", "found", "reachable", "expected"),
    [
        ("exact", STORED, True, Hit(STORED)),
        ("exact", None, True, Pass("miss")),
        ("exact", None, False, Pass("unavailable")),
        ("bypass", STORED, True, Pass("bypass")),
        ("bypass", None, False, Pass("bypass")),
    ],
)
def test_the_choice(mode: CacheMode, found: StoredAnswer | None, reachable: bool, expected: Choice) -> None:
    assert choose(make_step(cache=mode), found, reachable=reachable) == expected


def test_a_hit_is_a_completed_step_that_cost_nothing() -> None:
    step = make_step()
    emitted = express(step, Hit(STORED), START, PLANNED)
    assert emitted.topic == "steps.completed"
    assert emitted.partition is None
    completed = emitted.event
    assert isinstance(completed, StepCompleted)
    assert completed.step == step
    assert completed.cache.model_dump(exclude_unset=True) == {"kind": "exact", "source_job_id": "job-1", "age_s": 0.0}
    assert completed.answer == STORED.answer
    assert completed.failure is None
    assert completed.usage == Usage()
    assert completed.model_dump(mode="json")["cost_usd"] == "0"
    assert (completed.attempts, completed.provider_s) == (0, 0.0)


def test_a_hit_names_the_verdict_that_it_rests_on() -> None:
    decided = express(make_step(), Hit(STORED), START, PLANNED).event.model_dump()["decided"]
    assert decided["causes"] == (PLANNED.model_dump(), SETTLED.model_dump())
    assert (decided["at"], decided["seed"], decided["policy_version"]) == (START, 0, VERSION)


@pytest.mark.parametrize("kind", ["miss", "bypass", "unavailable"])
def test_everything_else_goes_to_the_lane_of_the_step(kind: Literal["miss", "bypass", "unavailable"]) -> None:
    step = make_step(lane="slow-lane")
    emitted = express(step, Pass(kind), START, PLANNED)
    assert emitted.topic == "steps.dispatched.slow-lane"
    dispatched = emitted.event
    assert isinstance(dispatched, StepDispatched)
    assert dispatched.step == step
    assert dispatched.cache.model_dump(exclude_unset=True) == {"kind": kind}
    assert dispatched.decided.causes == (PLANNED,)


@pytest.mark.parametrize("used", [None, 1, 12])
def test_a_step_goes_to_the_partitions_that_its_plan_names(used: int | None) -> None:
    step = make_step().model_copy(update={"lane_partitions": used})
    emitted = express(step, Pass("miss"), START, PLANNED)
    assert (emitted.partition, emitted.among) == (None, used)


def test_an_accepted_answer_is_worth_keeping() -> None:
    settled = make_settled()
    kept = worth_keeping(settled, SETTLED, CachePolicy())
    assert kept == StoredAnswer(
        fingerprint=settled.fingerprint,
        tenant="default",
        answer=make_answer(),
        model="small",
        source_job_id="job-1",
        cost_usd=Decimal("0.00150"),
        settled_at=START,
        expires_at=None,
        settled=SETTLED,
        planned_at=START,
        marks=None,
    )


@pytest.mark.parametrize("verdict", ["rejected", "failed", "cancelled"])
def test_no_other_verdict_is_kept(verdict: Literal["rejected", "failed", "cancelled"]) -> None:
    assert worth_keeping(make_settled(verdict=verdict), SETTLED, CachePolicy()) is None


@pytest.mark.parametrize("reason", ["length", "max_tokens", "content_filter", "refusal", "tool_calls", "STOP", ""])
def test_an_answer_that_the_model_did_not_end_itself_is_not_kept(reason: str) -> None:
    assert worth_keeping(make_settled(finish_reason=reason), SETTLED, CachePolicy()) is None


@given(st.floats(min_value=0.001, max_value=1e9), st.integers(min_value=0, max_value=10_000))
def test_expiry_counts_from_the_verdict_alone(ttl_s: float, hits: int) -> None:
    """Neither keeping it again nor any number of hits prolongs it."""
    kept = worth_keeping(make_settled(), SETTLED, CachePolicy(ttl_s))
    assert kept is not None
    assert kept.expires_at == START + timedelta(seconds=ttl_s)
    assert worth_keeping(make_settled(), SETTLED, CachePolicy(ttl_s)) == kept
    at = START + timedelta(seconds=ttl_s) * (hits / 10_000)
    served = choose(make_step(), serving(kept, at), reachable=True)
    assert served == (Hit(kept) if at < kept.expires_at else Pass("miss"))
