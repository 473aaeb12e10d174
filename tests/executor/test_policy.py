"""When a step is tried again, how long it waits, and what its failure is called in the end."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.jobs import FailureReason
from headchef_contracts.events.steps import AttemptOutcome

from headchef.executor.policy import FAILURES, Again, GiveUp, RetryPolicy, RetryState, decide
from headchef.executor.provider import Faulted

RETRIED = ("rate_limited", "server_error", "timeout", "connection", "malformed_response")
POLICY = RetryPolicy(max_attempts=3, window_s=300)


def fault(outcome: AttemptOutcome, retry_after_s: float | None = None, final: FailureReason | None = None) -> Faulted:
    return Faulted(outcome, "it failed", final, 500, retry_after_s)


def after(
    given_fault: Faulted,
    state: RetryState | None = None,
    *,
    now_s: float = 0,
    draw: float = 0,
    left_s: float | None = None,
) -> Again | GiveUp:
    return decide(POLICY, state or RetryState(0), given_fault, now_s=now_s, draw=draw, left_s=left_s)


def test_every_outcome_but_an_answer_has_a_failure() -> None:
    assert set(FAILURES) == set(get_args(AttemptOutcome)) - {"answered"}


@pytest.mark.parametrize("outcome", RETRIED)
def test_faults_that_may_pass_are_tried_again(outcome: AttemptOutcome) -> None:
    assert isinstance(after(fault(outcome)), Again)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("length", "length"),
        ("refusal", "refusal"),
        ("credentials", "credentials"),
        ("bad_request", "provider_refused_request"),
    ],
)
def test_faults_that_would_come_again_are_final(outcome: AttemptOutcome, reason: FailureReason) -> None:
    assert after(fault(outcome)) == GiveUp(reason, "it failed")


@pytest.mark.parametrize("reason", ["too_large", "unknown_model", "credentials"])
def test_a_final_fault_names_its_failure(reason: FailureReason) -> None:
    assert after(fault("bad_request", final=reason)) == GiveUp(reason, "it failed")


@pytest.mark.parametrize(
    ("failed", "draw", "delay_s"),
    [(0, 0, 0.5), (1, 0, 1.0), (0, 1, 0.375), (1, 0.5, 0.875)],
)
def test_the_backoff_doubles_and_chance_shortens_it(failed: int, draw: float, delay_s: float) -> None:
    verdict = after(fault("server_error"), RetryState(0, failed=failed), draw=draw)
    assert isinstance(verdict, Again)
    assert verdict.delay_s == pytest.approx(delay_s)


@pytest.mark.parametrize("retry_after_s", [0.1, 20.0, 299.0])
def test_what_the_provider_asks_for_is_waited_for(retry_after_s: float) -> None:
    verdict = after(fault("rate_limited", retry_after_s), draw=1)
    assert isinstance(verdict, Again)
    assert verdict.delay_s == retry_after_s


@pytest.mark.parametrize("retry_after_s", [0.0, -1.0])
def test_a_wait_of_nothing_is_no_wait_asked_for(retry_after_s: float) -> None:
    verdict = after(fault("rate_limited", retry_after_s))
    assert isinstance(verdict, Again)
    assert verdict.delay_s == 0.5


def test_failed_calls_are_counted_and_429s_are_not() -> None:
    state = RetryState(0)
    for _ in range(10):
        verdict = after(fault("rate_limited"), state)
        assert isinstance(verdict, Again)
        state = verdict.state
    assert (state.failed, state.limited) == (0, 10)
    verdict = after(fault("timeout"), RetryState(0, failed=2))
    assert isinstance(verdict, GiveUp)
    assert verdict.reason == "timeout"
    assert "3 failed calls" in verdict.message


def test_no_call_begins_after_the_window() -> None:
    verdict = after(fault("server_error", 10), now_s=295)
    assert isinstance(verdict, GiveUp)
    assert verdict.reason == "provider_unavailable"


def test_a_429_is_waited_out_and_takes_nothing_from_the_window() -> None:
    verdict = after(fault("rate_limited", 1000), now_s=295)
    assert isinstance(verdict, Again)
    assert (verdict.delay_s, verdict.state) == (1000, RetryState(1000, limited=1))
    assert isinstance(after(fault("server_error"), verdict.state, now_s=1299), Again)
    assert isinstance(after(fault("server_error"), verdict.state, now_s=1300), GiveUp)
    assert isinstance(after(fault("rate_limited", 1000), left_s=999), GiveUp), "but not beyond the deadline"


def test_no_call_begins_after_the_deadline() -> None:
    verdict = after(fault("server_error", 10), left_s=5)
    assert isinstance(verdict, GiveUp)
    assert verdict.reason == "deadline_exceeded"


@given(
    outcomes=st.lists(st.sampled_from(RETRIED), max_size=60),
    waits=st.lists(st.none() | st.floats(0, 1000), min_size=60, max_size=60),
    draws=st.lists(st.floats(0, 1), min_size=60, max_size=60),
    call_s=st.floats(0, 30),
    left_s=st.none() | st.floats(0, 1000),
)
def test_a_step_ends_within_its_limits(
    outcomes: list[AttemptOutcome], waits: list[float | None], draws: list[float], call_s: float, left_s: float | None
) -> None:
    state, now_s, failed, limited_s = RetryState(0), 0.0, 0, 0.0
    for outcome, wait_s, draw in zip(outcomes, waits, draws, strict=False):
        now_s += call_s
        left = None if left_s is None else left_s - now_s
        verdict = after(fault(outcome, wait_s), state, now_s=now_s, draw=draw, left_s=left)
        failed += outcome != "rate_limited"
        if isinstance(verdict, GiveUp):
            assert verdict.reason in get_args(FailureReason)
            return
        assert failed < POLICY.max_attempts
        assert verdict.delay_s >= (wait_s or 0)
        assert verdict.delay_s > 0
        now_s += verdict.delay_s
        limited_s += verdict.delay_s if outcome == "rate_limited" else 0
        assert outcome == "rate_limited" or now_s - limited_s <= POLICY.window_s + 1e-6
        assert left_s is None or now_s < left_s
        state = verdict.state


@given(limited=st.integers(0, 10_000), draw=st.floats(0, 1))
def test_the_backoff_has_bounds(limited: int, draw: float) -> None:
    verdict = after(fault("rate_limited"), RetryState(0, limited=limited), draw=draw)
    assert isinstance(verdict, Again)
    assert 0.375 <= verdict.delay_s <= 8
