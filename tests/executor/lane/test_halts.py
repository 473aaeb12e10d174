"""Which replies let a lane or a model stand still, for how long, and what is said about it."""

import logging

import pytest

from headchef_contracts.events.steps import AttemptOutcome

from headchef.executor.lane.breaker import Why
from headchef.executor.lane.halts import FAILED_IN_A_ROW, Halts
from headchef.executor.provider import Answered, Faulted, Halt, Reply

ANSWERED = Answered("Hi.", "stop", None, None, None, 200)


def fault(outcome: AttemptOutcome) -> Faulted:
    return Faulted(outcome, "it failed")


def refused(halts: Halt) -> Faulted:
    return Faulted("credentials", "no", "credentials", 401, halts=halts)


def after(*replies: Reply, model: str = "small") -> Halts:
    halts = Halts("default")
    for call, reply in enumerate(replies):
        halts.begin(call)
        halts.heed(call, model, reply, 0)
        halts.end(call, 0)
    return halts


@pytest.mark.parametrize("halt", ["credentials", "billing"])
def test_two_refusals_in_a_row_halt_the_lane(halt: Halt) -> None:
    assert list(after(refused(halt)).standing()) == []
    assert list(after(refused(halt), ANSWERED, refused(halt)).standing()) == []
    halts = after(refused(halt), refused(halt))
    assert list(halts.standing()) == [(None, Why(halt, "no"))]
    assert (halts.wait_s(0), halts.still_s("small", 0)) == (1, 1.25)
    assert halts.held_s(9, "small", 0) == 1.25, "it had begun, but not called"
    halts.begin(9)
    assert halts.held_s(9, "small", 1) == 0, "it is to find out"


def test_a_model_that_is_gone_keeps_no_other_back() -> None:
    halts = after(refused("unknown_model"), refused("unknown_model"), model="gone")
    assert list(halts.standing()) == [("gone", Why("unknown_model", "no"))]
    assert halts.wait_s(0) == 0
    assert [halts.held_s(9, model, 0.5) for model in ("small", "gone")] == [0, 0.75]
    assert [halts.still_s(model, 0) for model in ("small", "gone")] == [0, 1.25]


def test_of_steps_that_ask_for_a_halted_model_one_at_a_time_finds_out() -> None:
    halts = after(refused("unknown_model"), refused("unknown_model"), model="gone")
    assert halts.held_s(7, "gone", 1) == 0
    assert halts.held_s(8, "gone", 1) > 0
    halts.heed(7, "gone", ANSWERED, 1)
    assert halts.held_s(8, "gone", 1) == 0
    assert list(halts.standing()) == []


@pytest.mark.parametrize("outcome", ["server_error", "timeout", "connection", "malformed_response"])
def test_a_provider_that_is_away_halts_the_lane(outcome: AttemptOutcome) -> None:
    failures = [fault(outcome)] * FAILED_IN_A_ROW
    assert list(after(*failures[1:]).standing()) == []
    assert list(after(*failures).standing()) == [(None, Why("provider_unavailable", "it failed"))]


@pytest.mark.parametrize("outcome", ["rate_limited", "length", "refusal", "bad_request"])
def test_a_provider_that_says_anything_is_not_away(outcome: AttemptOutcome) -> None:
    failures = [fault("timeout")] * (FAILED_IN_A_ROW - 1)
    assert list(after(*failures, fault(outcome), *failures).standing()) == []


def test_a_refusal_for_want_of_quota_says_nothing_of_the_model() -> None:
    halts = after(refused("unknown_model"), refused("unknown_model"), model="gone")
    assert halts.held_s(7, "gone", 1) == 0
    halts.heed(7, "gone", fault("rate_limited"), 1)
    assert [model for model, _ in halts.standing()] == ["gone"]
    halts.end(7, 1)
    assert halts.held_s(8, "gone", 1) == 0, "the next one finds out"


def test_it_is_said_once_and_once_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        halts = after(*[refused("billing")] * 5)
        halts.begin(7)
        halts.heed(7, "small", refused("billing"), 1)
        halts.begin(8)
        halts.heed(8, "small", ANSWERED, 3)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "lane default stands still, and goes on by itself once that is mended: billing: no"),
        ("INFO", "lane default goes on: calls are answered again"),
    ]
