"""Fakes of the executor's ports, and deliveries of steps."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Usage
from headchef_contracts.events.steps import Step, StepDispatched

from headchef.catalogue import Catalogue, Lane, Model, Prices, Provider
from headchef.executor import provider as port
from headchef.executor.account import Equip, Equipment
from headchef.executor.provider import Answered, Call, Faulted, Question, Reply
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Delivery, Emit, Handler
from tests.support.builders import make_decided, make_delivery, make_firing, make_step
from tests.support.manual_clock import ManualClock

PRICES = Prices(
    input=Decimal("0.15"), output=Decimal("0.60"), cached_input=Decimal("0.075"), cache_write=Decimal("0.1875")
)
ACCOUNT = Provider("acme", "openai", "http://127.0.0.1:1/v1", None, None, "max_completion_tokens", 1)


def make_model(name: str = "small", prices: Prices | None = PRICES, **fields: Any) -> Model:
    known: dict[str, Any] = {
        "lane": "default",
        "provider": "acme",
        "provider_model": f"{name}-1",
        "max_output_tokens": None,
        "structured_output": "json_schema",
    }
    return Model(name=name, prices=prices, **(known | fields))


def make_catalogue(*models: Model) -> Catalogue:
    known = models or (make_model(),)
    lanes = {"default": Lane("default", ACCOUNT)}
    return Catalogue(Path("test.yaml"), "v1", known[0].name, {model.name: model for model in known}, lanes)


def make_dispatched(step: Step | None = None) -> StepDispatched:
    return StepDispatched(step=step or make_step(), cache=CacheUse(kind="miss"), decided=make_decided())


def deliver(step: Step | None = None) -> Delivery:
    return make_delivery(make_dispatched(step), topic="steps.dispatched.default", offset=7, partition=2)


USAGE = Usage(input_tokens=1000, output_tokens=100)


def answered(text: str = "A fine car.", usage: Usage | None = USAGE) -> Answered:
    return Answered(text, "stop", "small-1-2026", usage, "req-1", 200)


def limited(retry_after_s: float | None = None) -> Faulted:
    return Faulted("rate_limited", "the provider answered 429", None, 429, retry_after_s, "req-2")


def broken() -> Faulted:
    return Faulted("server_error", "the provider answered 500", None, 500, None, "req-3")


def timed_out() -> Faulted:
    return Faulted("timeout", "no answer within 100 s")


def equipped(catalogue: Catalogue, provider: port.Provider) -> Equip:
    """Lend always the same."""

    @asynccontextmanager
    async def equip() -> AsyncIterator[Equipment]:
        yield Equipment(catalogue, provider)

    return equip


@dataclass
class Seen:
    """What a handler has made of a delivery: all that it emitted, and what waited how many seconds in between."""

    emitted: list[Emit] = field(default_factory=list)
    pauses_s: list[float] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)


async def see_through(handler: Handler, delivery: Delivery, clock: ManualClock) -> Seen:
    """Handle a delivery and the timers that come of it, each when it is due."""
    seen = Seen()
    while True:
        outcome = await handler.handle(delivery, NoState())
        assert (outcome.changes, outcome.cleared) == ((), ())
        seen.emitted += [output for output in outcome.outputs if isinstance(output, Emit)]
        if not outcome.timers:
            return seen
        [timer] = outcome.timers
        seen.payloads.append(timer.payload)
        seen.pauses_s.append((timer.due - clock.now()).total_seconds())
        clock.advance(max(0.0, seen.pauses_s[-1]))
        delivery = make_firing(timer)


class ScriptedProvider:
    """Gives the replies of a script, then the last one for ever; each call takes two seconds of the clock."""

    def __init__(self, script: Sequence[Reply], clock: ManualClock) -> None:
        self._script = list(script)
        self._clock = clock
        self.questions: list[Question] = []
        self.asked: list[bytes] = []

    def prepare(self, question: Question) -> Call:
        """Keep the question."""
        self.questions.append(question)
        return Call("/", question.turns[-1].text.encode())

    async def ask(self, call: Call) -> Reply:
        """Give the next reply."""
        self.asked.append(call.body)
        self._clock.advance(2)
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]


class Unlimited:
    """A quota that takes note of what it is told, and says of models what it is set to."""

    def __init__(self) -> None:
        self.calls: list[tuple[Record, str]] = []
        self.replies: list[Reply] = []
        self.held: dict[str, float] = {}
        self.pause_s = 0.0
        self.answered: dict[str, float] = {}

    def held_s(self, record: Record, model: str) -> float:
        """Say so."""
        return self.held.get(model, 0.0)

    def reading(self, record: Record) -> AbstractAsyncContextManager[None]:
        """Let it begin at once."""
        return nullcontext()

    def calling(self, record: Record, model: str) -> None:
        """Note it."""
        self.calls.append((record, model))

    def called(self, record: Record, reply: Reply) -> None:
        """Note it."""
        assert record in [each for each, _ in self.calls]
        self.replies.append(reply)

    def still_s(self, model: str) -> float:
        """Say so."""
        return self.pause_s

    def answered_since(self, model: str, at_s: float) -> bool:
        """Say so."""
        return self.answered.get(model, 0.0) > at_s


class OpenPermit:
    """Lets every call begin, and counts."""

    def __init__(self) -> None:
        self.given = 0

    async def wait(self) -> None:
        """Return at once."""
        self.given += 1


class NoState:
    """The executor has no state."""

    edition: object = None

    def get(self, store: str, key: bytes) -> bytes | None:
        """Know nothing."""
        raise AssertionError(f"the executor asked for {store}")
