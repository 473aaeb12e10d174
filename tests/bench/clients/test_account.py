"""What a client sees of a simulated account is what the account has on its bill; the calls are those of executors."""

import asyncio
import threading
from collections import Counter
from pathlib import Path

import orjson
import pytest

from headchef.catalogue import read
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Quota, Settings
from tests.bench.clients.account import account_at, bill_of
from tests.bench.clients.beside import beside
from tests.bench.clients.calls import bodies_of
from tests.bench.limits import LIMITS
from tests.bench.load import make_jobs
from tests.support.eventually import PATIENCE_S
from tests.support.manual_clock import ManualClock

BODIES = list(bodies_of(make_jobs("t", 4), read(LIMITS[0].catalogue.encode(), Path("catalogue.yaml"), Path())))


def test_calls_are_those_of_an_executor() -> None:
    asked = orjson.loads(BODIES[3])
    assert asked["model"] == "simulated"
    assert asked["max_completion_tokens"] == 1000
    assert "Garden chair 3, article GC-000003" in asked["messages"][0]["content"]
    assert asked["response_format"]["json_schema"]["schema"]["required"] == ["title", "bullets", "text"]


async def test_replies_add_up_to_the_bill() -> None:
    seen: Counter[str] = Counter()
    async with Simulator(Settings(port=0, quota=Quota(requests_per_minute=3)), ManualClock()) as simulator:
        async with account_at(simulator.base_url) as ask:
            for body in BODIES:
                seen.update((await ask(body)).bill)
        billed = await asyncio.to_thread(bill_of, simulator.base_url)
    assert seen == billed
    assert (seen["answered"], seen["rate_limited"]) == (3, 1)
    assert seen["output_tokens"] > 3 * 20


def test_work_beside_ends_with_its_block() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with beside(work()):
        assert begun.wait(PATIENCE_S)
        assert not ended.is_set()
    assert ended.is_set()


def test_work_beside_that_fails_is_no_secret() -> None:
    async def work() -> None:
        raise ConnectionError("nobody listens")

    with pytest.raises(ConnectionError, match="nobody listens"), beside(work()):
        pass
