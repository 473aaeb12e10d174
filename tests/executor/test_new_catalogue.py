"""A step is called and priced by the catalogue that it began with, and the next one by the one that has come since."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from headchef_contracts.events.steps import AttemptRecorded, StepCompleted

from headchef.catalogue import Catalogue, Endpoint, read
from headchef.catalogue import Provider as Account
from headchef.executor.__main__ import processor
from headchef.executor.account import Accounts
from headchef.executor.policy import RetryPolicy
from headchef.executor.provider import Call, Reply
from headchef.executor.settings import Settings
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import BatchHandler, Emit, Processor
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.turns import Turns
from tests.executor.fakes import USAGE, NoState, OpenPermit, ScriptedProvider, answered, deliver
from tests.support.builders import make_step
from tests.support.manual_clock import ManualClock
from tests.support.published import ONE_MODEL, make_published, version_of
from tests.support.recorded_metrics import RecordedMetrics

DEARER = ONE_MODEL.replace("input: 1, output: 2", "input: 10, output: 20").replace(":1/v1", ":2/v1")
LIMITED = ONE_MODEL.replace("provider: acme", "provider: acme, requests_per_minute: 600")
WITHOUT = ONE_MODEL.replace("small", "tiny")
GONE = ONE_MODEL.replace("{default: {provider", "{other: {provider").replace("lane: default", "lane: other")


def cost(input_usd: int, output_usd: int) -> Decimal:
    return (Decimal(USAGE.input_tokens * input_usd) + Decimal(USAGE.output_tokens * output_usd)) / 1_000_000


class Bench:
    """An executor as it is assembled, with a provider for each address, and a catalogue that comes during a call."""

    def __init__(self) -> None:
        self.clock, self.metrics = ManualClock(), RecordedMetrics()
        self.asked: list[str] = []
        self.during: str | None = None
        self.accounts = Accounts("default", {}, self._open)

    async def start(self) -> None:
        self.processor = self._processor(read(ONE_MODEL.encode(), Path("catalogue.yaml"), Path()))
        self.broadcast, _ = self.processor.broadcasts
        assert self.broadcast.settle is not None
        await self.broadcast.settle()
        if self.processor.admission is not None:
            self.processor.admission.begun(0, lambda: 1, clean=True)

    def _processor(self, file: Catalogue) -> Processor:
        lent = Surroundings(self.clock, Random(1), OpenPermit(), self.metrics)
        return processor(file, self.accounts, Settings(), RetryPolicy(), Turns(0.1), lent)

    @asynccontextmanager
    async def _open(self, endpoint: Endpoint, account: Account) -> AsyncIterator[ScriptedProvider]:
        bench = self

        class Changing(ScriptedProvider):
            async def ask(self, call: Call) -> Reply:
                bench.asked.append(endpoint.base_url)
                if bench.during is not None:
                    text, bench.during = bench.during, None
                    await bench.take(text)
                return await super().ask(call)

        yield Changing([answered()], self.clock)

    async def take(self, text: str) -> None:
        await self.broadcast.taker(make_published(text))

    async def handle(self) -> tuple[list[AttemptRecorded], StepCompleted]:
        """Have a step begin, and handle it."""
        admission, handler, delivery = self.processor.admission, self.processor.handler, deliver(make_step())
        assert admission is not None
        assert not isinstance(handler, BatchHandler)
        assert admission.take(delivery.record, "interactive", asyncio.Event())
        outcome = await handler.handle(delivery, NoState())
        admission.release(delivery.record)
        events = [output.event for output in outcome.outputs if isinstance(output, Emit)]
        (completed,) = [event for event in events if isinstance(event, StepCompleted)]
        return [event for event in events if isinstance(event, AttemptRecorded)], completed


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.start()
    yield bench
    await bench.accounts.close()


async def test_a_call_under_way_keeps_its_address_and_its_price(bench: Bench) -> None:
    bench.during = DEARER
    for text, address, paid in ((ONE_MODEL, 1, cost(1, 2)), (DEARER, 2, cost(10, 20))):
        (attempt,), completed = await bench.handle()
        assert bench.asked[-1] == f"http://127.0.0.1:{address}/v1"
        assert (attempt.price_version, attempt.cost_usd, completed.cost_usd) == (version_of(text), paid, paid)
        assert attempt.decided.catalog_version == completed.decided.catalog_version == version_of(text)


async def test_a_model_that_is_gone_fails_as_one_that_never_was(bench: Bench) -> None:
    await bench.take(WITHOUT)
    attempts, completed = await bench.handle()
    assert (attempts, bench.asked) == ([], [])
    assert completed.failure is not None
    assert completed.failure.reason == "unknown_model"
    assert version_of(WITHOUT) in completed.failure.message


async def test_a_quota_is_kept_from_the_next_step_on(bench: Bench) -> None:
    assert bench.metrics.reading("headchef.lane.left") == []
    assert bench.metrics.reading("headchef.lane.concurrency")
    await bench.take(LIMITED)
    ((left, about),) = bench.metrics.reading("headchef.lane.left")
    assert (left, about) == (0.0, {"lane": "default", "resource": "requests"})
    assert bench.metrics.reading("headchef.lane.concurrency") == []
    bench.clock.advance(10)
    await bench.handle()
    await bench.take(ONE_MODEL)
    assert bench.metrics.reading("headchef.lane.left") == []


async def test_a_lane_that_is_gone_keeps_its_last_state_and_says_so(bench: Bench) -> None:
    await bench.take(LIMITED)
    with pytest.raises(InvalidEvent, match=r"cannot be used by executor\.default: .*there is no lane 'default'"):
        await bench.take(GONE)
    bench.clock.advance(10)
    (attempt,), _ = await bench.handle()
    assert attempt.price_version == version_of(LIMITED)
    ((_, refused),) = bench.metrics.reading("headchef.catalog.refused")
    assert refused["version"] == version_of(GONE)
