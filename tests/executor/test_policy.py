"""When a step is tried again, how long it waits, and what its failure is called in the end."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.jobs import FailureReason
from headchef_contracts.events.steps import AttemptOutcome

from headchef.executor.policy import FAILURES, Again, GiveUp, Refusals, RetryPolicy, RetryState, Standing, decide, hold
from headchef.executor.provider import Faulted, Halt

RETRIED = ("rate_limited", "server_error", "timeout", "connection", "malformed_response")
POLICY = RetryPolicy(max_attempts=3, window_s=300)


def fault(outcome: AttemptOutcome, retry_after_s: float | None = None, final: FailureReason | None = None) -> Faulted:
    return Faulted(outcome, "it failed", final, 500, retry_after_s)


def after(
    given_fault: Faulted,
    state: RetryState | None = None,
    refusals: Refusals | None = None,
    *,
    now_s: float = 0,
    draw: float = 0,
    left_s: float | None = None,
    still_s: float = 0,
    answered: bool = False,
) -> Again | GiveUp:
    standing = Standing(now_s=now_s, left_s=left_s, draw=draw, still_s=still_s, answered=answered)
    return decide(POLICY, state or RetryState(0), refusals or Refusals(), given_fault, standing)


def refused(halts: Halt = "credentials") -> Faulted:
    return Faulted("credentials", "no valid key", "credentials", 401, halts=halts)


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


@pytest.mark.parametrize(("still_s", "delay_s"), [(0, 1), (0.5, 1), (30, 30)])
def test_a_call_refused_as_all_are_counts_as_nothing(still_s: float, delay_s: float) -> None:
    state = RetryState(5, failed=2, limited=1)
    verdict = after(refused(), state, now_s=1000, still_s=still_s)
    assert verdict == Again(delay_s, RetryState(5 + delay_s, failed=2, limited=1), Refusals(0, 1000))


@pytest.mark.parametrize(("answered", "again"), [(False, 100), (True, 3)])
def test_a_step_that_alone_is_refused_fails_in_the_end(answered: bool, again: int) -> None:
    refusals = Refusals()
    for number in range(again):
        verdict = after(refused(), refusals=refusals, now_s=number, answered=answered and number > 0)
        assert isinstance(verdict, Again)
        refusals = verdict.refusals
    verdict = after(refused(), refusals=refusals, now_s=again, answered=answered)
    if answered:
        assert isinstance(verdict, GiveUp)
        assert verdict.reason == "credentials"
        assert "refused 4 times" in verdict.message
    else:
        assert isinstance(verdict, Again)
        assert verdict.refusals == Refusals(0, again)


def test_no_step_waits_beyond_its_deadline_for_what_stands_still() -> None:
    for verdict in (after(refused(), left_s=30, still_s=30), hold(RetryState(0), Refusals(), 30, 30)):
        assert isinstance(verdict, GiveUp)
        assert verdict.reason == "deadline_exceeded"
    assert hold(RetryState(1), Refusals(2, 3), 30, 31) == Again(30, RetryState(31), Refusals(2, 3))


def test_while_a_lane_stands_still_a_failed_step_lets_others_find_out() -> None:
    verdict = after(fault("timeout"), RetryState(0, failed=1), now_s=290, still_s=30)
    assert verdict == Again(30, RetryState(29, failed=2), Refusals()), "and its window is the longer for it"
    assert isinstance(after(fault("timeout"), RetryState(0, failed=2), still_s=30), GiveUp), "but it has failed"


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
