"""A reader that always polls all that it has asks the broker seldom while nothing comes, and has what comes at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest

from headchef.runtime.log.port import Partition
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S, eventually_async
from tests.support.log_client import bodies, publish, values

_FETCHES = 12


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what each client fetches, by its id."""
    counted: Counter[str] = Counter()
    send: Callable[..., Awaitable[object]] = AIOKafkaClient.send

    async def noted(self: AIOKafkaClient, node: int, request: object, **named: object) -> object:
        if isinstance(request, FetchRequest):
            counted[self._client_id.rpartition(".")[2]] += 1
        return await send(self, node, request, **named)

    monkeypatch.setattr(AIOKafkaClient, "send", noted)
    return counted


async def test_a_steady_reader_asks_seldom_for_what_is_not_there(backend: Backend, fetches: Counter[str]) -> None:
    topic = await backend.make_topic()
    log = backend.process("p")
    partition = Partition(topic, 0)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    often, seldom = await log.reader("often"), await log.reader("seldom", steady=True)
    for reader in (often, seldom):
        await reader.assign({partition: 0})

    async def enough() -> bool:
        for reader in (often, seldom):
            assert not any((await reader.poll([partition], max_records=1, timeout_s=0.02)).values())
        return fetches["often"] >= _FETCHES

    await eventually_async(enough)
    # One a second: a slow machine asks less often, and takes longer.
    assert 0 < fetches["seldom"] <= 2 + loop.time() - began_s
    await publish(log, values(topic, "a"))
    [one] = (await seldom.poll([partition], max_records=1, timeout_s=PATIENCE_S))[partition]
    assert bodies([one]) == ["a"]
