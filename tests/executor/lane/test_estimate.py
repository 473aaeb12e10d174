"""How many tokens a step will use is reckoned from its prompt, and learned from what calls have used."""

from datetime import timedelta

import pytest

from headchef_contracts import registry
from headchef_contracts.events.common import Parameters, Usage

from headchef.executor.lane.estimate import Demand, Estimator
from headchef.executor.policy import RetryState
from headchef.executor.record import Calls
from headchef.executor.waiting import Waiting, write
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Timer
from headchef.runtime.timers import fallen_due
from tests.executor.fakes import deliver, make_dispatched, make_model
from tests.support.builders import make_step
from tests.support.manual_clock import START


def estimator(limit: int | None = None, *, counts_tokens: bool = True) -> Estimator:
    return Estimator({"small": make_model(max_output_tokens=limit)}, counts_tokens=counts_tokens)


def step(prompt: str = "Say hi to 12345.", limit: int | None = None) -> Record:
    dispatched = make_dispatched(make_step(prompt, parameters=Parameters(max_output_tokens=limit)))
    return Record("t", 0, 0, 0, None, registry.write(dispatched).data, ())


def test_words_digits_and_signs_are_pieces() -> None:
    assert estimator().demand_of(step()) == Demand("small", 6, 6.0, 1000.0, 1000.0)
    assert estimator().demand_of(step("Internationalisation")).pieces == 4
    assert estimator().demand_of(step("日本語")).pieces == 3


@pytest.mark.parametrize(
    ("of_job", "of_model", "limit", "expected"),
    [(None, None, 1000, 1000), (50, None, 50, 50), (None, 4096, 4096, 1000), (500, 200, 200, 200)],
)
def test_the_output_limit_bounds_the_answer(
    of_job: int | None, of_model: int | None, limit: float, expected: float
) -> None:
    demand = estimator(of_model).demand_of(step(limit=of_job))
    assert (demand.limit, demand.output_tokens) == (limit, expected)


def test_calls_teach_it() -> None:
    learning = estimator(4096)
    learning.learn(learning.demand_of(step()), Usage(input_tokens=12, output_tokens=100))
    taught = learning.demand_of(step("Say hi to 12345. " * 10))
    assert (taught.pieces, taught.input_tokens, taught.output_tokens, taught.limit) == (60, 120, 100, 4096)
    learning.learn(taught, Usage(input_tokens=60, output_tokens=200))
    assert learning.demand_of(step()).input_tokens == pytest.approx(6 * 1.9)
    assert learning.demand_of(step()).output_tokens == pytest.approx(110)


def test_a_step_that_is_tried_again_is_estimated_alike() -> None:
    waiting = Waiting(make_dispatched(make_step("Say hi to 12345.")), deliver().cause, RetryState(0), Calls())
    timer = fallen_due("t", 0, Timer("id", START + timedelta(seconds=5), write(waiting)), ())
    assert estimator().demand_of(timer) == estimator().demand_of(step())


@pytest.mark.parametrize("value", [None, b"", b"poison", b"[]", b'{"step": 1}', b'{"v":1}\npoison'])
def test_what_is_no_step_needs_nothing(value: bytes | None) -> None:
    demand = estimator().demand_of(Record("t", 0, 0, 0, None, value, ()))
    assert (demand.model, demand.pieces, demand.input_tokens) == ("", 0, 0)
    learning = estimator()
    learning.learn(demand, Usage(input_tokens=5, output_tokens=5))
    assert learning.demand_of(step()) == estimator().demand_of(step())


def test_nothing_is_counted_where_no_tokens_are() -> None:
    assert estimator(counts_tokens=False).demand_of(step()) == Demand()
