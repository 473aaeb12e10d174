"""Measures the answer stores and the handler with 20,000 answers of 1 to 2 KB: `python -m tests.cache.measure edge`.

Arguments: `edge`, or `server` with a server as the tests find one.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.guarded import GuardedStore
from headchef.cache.handler import CacheHandler
from headchef.cache.policy import CachePolicy
from headchef.cache.store import AnswerStore
from headchef.runtime.clock import SystemClock
from headchef.runtime.processor import Delivery
from headchef.runtime.telemetry.metrics import Metrics
from tests.cache.builders import NoState, deliver, make_answer, make_coalescing, make_planned, make_sought, make_stored
from tests.cache.up_to_date import UpToDate
from tests.support.qdrant_server import running_qdrant

ANSWERS = 20_000
BATCH = 64
WORDS = ("quiet", "city", "river", "engine", "saloon", "museum", "harbour", "frugal", "coupe", "market", "garden")


def main() -> None:
    """Measure the store that is named."""
    with ExitStack() as stack:
        if sys.argv[1:] == ["edge"]:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            asyncio.run(_measure(EdgeAnswerStore(Path(folder))))
        elif sys.argv[1:] == ["server"]:
            from headchef.cache.server import ServerAnswerStore
            from headchef.qdrant.server import QdrantServer

            address = stack.enter_context(running_qdrant())
            server = QdrantServer(address.url, address.grpc_port, None, "measure", 10.0, 10.0, 10.0)
            asyncio.run(_measure(ServerAnswerStore(server)))
        else:
            raise SystemExit(__doc__)


async def _measure(store: AnswerStore) -> None:
    chance = random.Random(1)
    order = chance.sample(range(ANSWERS), ANSWERS)
    texts = [" ".join(chance.choices(WORDS, k=chance.randint(140, 290))) for _ in range(ANSWERS)]
    answers = [replace(make_stored(f"prompt {number}"), answer=make_answer(text)) for number, text in enumerate(texts)]

    async def put(numbers: Sequence[int]) -> None:
        await store.put(answers[numbers[0] : numbers[-1] + 1])

    async def look(numbers: Sequence[int]) -> None:
        found = await store.lookup([make_sought(f"prompt {number}") for number in numbers])
        assert None not in found

    async def miss(numbers: Sequence[int]) -> None:
        found = await store.lookup([make_sought(f"unknown {number}") for number in numbers])
        assert set(found) == {None}

    before = _memory_mb()
    await store.open()
    await _time("put", put, range(ANSWERS), BATCH)
    await _time("lookup, hit", look, order, BATCH)
    await _time("lookup, miss", miss, order, BATCH)
    await _time("lookup, hit, one at a time", look, order[:2_000], 1)
    await _time_handler(store, order)
    print(f"memory of this process: {before:.0f} MB before, {_memory_mb():.0f} MB after")
    await store.close()


async def _time_handler(store: AnswerStore, order: Sequence[int]) -> None:
    clock = SystemClock()
    guarded = GuardedStore(store, CircuitPolicy(1.0, 30.0), clock, Metrics())
    handler = CacheHandler(guarded, CachePolicy(), UpToDate(), make_coalescing(), clock, Metrics())
    await guarded.open()
    for kind, name in (("hit", "prompt"), ("miss", "unknown")):
        deliveries = [deliver(make_planned(f"{name} {number}")) for number in order[:5_000]]

        async def handle(numbers: Sequence[int], of: Sequence[Delivery] = deliveries) -> None:
            await handler.handle_batch(of[numbers[0] : numbers[-1] + 1], NoState())

        await _time(f"handler, {kind}, with its lookup", handle, range(5_000), BATCH)


async def _time(
    name: str, call: Callable[[Sequence[int]], Awaitable[None]], numbers: Sequence[int], batch: int
) -> None:
    began, began_cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(numbers), batch):
        await call(numbers[start : start + batch])
    each_us = 1e6 / len(numbers)
    passed, worked = time.perf_counter() - began, time.process_time() - began_cpu
    print(
        f"{name:36} {len(numbers) / passed:9,.0f}/s {passed * each_us:7.1f} us each, {worked * each_us:6.1f} us in here"
    )


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss / 1e6)


if __name__ == "__main__":
    main()
