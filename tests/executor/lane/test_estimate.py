"""How many tokens a step will use is reckoned from its prompt, and learned from what calls have used."""

from datetime import timedelta
from typing import Any

import pytest

from headchef_contracts import registry
from headchef_contracts.events.common import Inline, Parameters, Ref, Reference, Usage
from headchef_contracts.events.images import Image
from headchef_contracts.events.steps import Message

from headchef.executor.lane.estimate import Demand, Estimator
from headchef.executor.policy import RetryState
from headchef.executor.record import Calls
from headchef.executor.waiting import Waiting, write
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Timer
from headchef.runtime.timers import fallen_due
from tests.executor.fakes import deliver, make_dispatched, make_model
from tests.support.builders import make_step
from tests.support.images import at, inline, png, written
from tests.support.manual_clock import START


def estimator(limit: int | None = None, *, counts_tokens: bool = True, **model: Any) -> Estimator:
    return Estimator({"small": make_model(max_output_tokens=limit, **model)}, counts_tokens=counts_tokens)


def step(prompt: str = "Say hi to 12345.", limit: int | None = None) -> Record:
    dispatched = make_dispatched(make_step(prompt, parameters=Parameters(max_output_tokens=limit)))
    return Record("t", 0, 0, 0, None, registry.write(dispatched).data, ())


def showing(prompt: str, *images: Image) -> Record:
    made = make_step(prompt)
    messages = (Message(role="user", content=Inline(inline=prompt), images=images),)
    asked = made.model_copy(update={"request": made.request.model_copy(update={"messages": messages})})
    return Record("t", 0, 0, 0, None, registry.write(make_dispatched(asked)).data, ())


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


def test_of_a_message_that_lies_elsewhere_its_bytes_are_counted() -> None:
    made = make_step("x")
    elsewhere = Ref(ref=Reference(sha256="0" * 64, bytes=400_000, media_type="text/plain"))
    messages = (Message(role="system", content=elsewhere), *made.request.messages)
    asked = made.model_copy(update={"request": made.request.model_copy(update={"messages": messages})})
    record = Record("t", 0, 0, 0, None, registry.write(make_dispatched(asked)).data, ())
    assert estimator().demand_of(record).pieces == 100_001


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


def test_an_image_is_as_much_as_the_catalogue_says_until_a_call_has_told() -> None:
    demand = estimator().demand_of(showing("Say hi to 12345.", at(), inline()))
    assert (demand.images, demand.pieces, demand.input_tokens) == (2, 6, 6 + 2 * 4784)
    assert estimator(image_tokens=258).demand_of(showing("Say hi to 12345.", at())).input_tokens == 6 + 258
    stranger = make_dispatched(make_step("hi", model="gone"))
    assert estimator().demand_of(Record("t", 0, 0, 0, None, registry.write(stranger).data, ())).images == 0


def test_its_bytes_are_no_part_of_the_prompt() -> None:
    large = Image(media_type="image/png", base64=written(png() + bytes(90_000)))
    assert estimator().demand_of(showing("hi", large)) == estimator().demand_of(showing("hi", inline()))


def test_calls_with_images_teach_what_an_image_is_and_nothing_about_words() -> None:
    learning = estimator()
    learning.learn(learning.demand_of(step()), Usage(input_tokens=12, output_tokens=100))
    with_two = learning.demand_of(showing("Say hi to 12345.", at(), at()))
    assert with_two.input_tokens == 12 + 2 * 4784
    learning.learn(with_two, Usage(input_tokens=12 + 2 * 1000, output_tokens=100))
    assert learning.demand_of(showing("Say hi to 12345.", at(), at(), at())).input_tokens == 12 + 3 * 1000
    assert learning.demand_of(step()).input_tokens == 12
    learning.learn(with_two, Usage(input_tokens=12 + 2 * 2000, output_tokens=100))
    assert learning.demand_of(showing("", at())).input_tokens == pytest.approx(1100)
    learning.learn(with_two, Usage(input_tokens=1, output_tokens=100))
    assert learning.demand_of(showing("", at())).input_tokens == pytest.approx(990), "never less than nothing"


def test_an_image_alone_teaches_too() -> None:
    learning = estimator(4096)
    learning.learn(learning.demand_of(showing("", at())), Usage(input_tokens=1369, output_tokens=50))
    taught = learning.demand_of(showing("", at()))
    assert (taught.pieces, taught.input_tokens, taught.output_tokens) == (0, 1369, 50)
