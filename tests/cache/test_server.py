"""The answer store on a real server, when the server is away, silent, changed or shared."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded import GuardedStore
from headchef.cache.server import ServerAnswerStore
from headchef.qdrant.errors import StoreUnavailable
from headchef.qdrant.server import QdrantServer
from tests.cache.builders import make_sought, make_stored
from tests.cache.conftest import drop_collection, make_bare_collection
from tests.cache.gate import Gate
from tests.support.manual_clock import ManualClock
from tests.support.qdrant_server import QdrantAddress
from tests.support.recorded_metrics import RecordedMetrics

WAIT_S = 60.0


@pytest.fixture
async def gate(qdrant: QdrantAddress) -> AsyncIterator[Gate]:
    async with Gate(qdrant.host, qdrant.grpc_port) as gate:
        yield gate


async def test_an_absent_server_is_unavailable(server: QdrantServer, gate: Gate) -> None:
    await gate.cut()
    store = ServerAnswerStore(replace(server, grpc_port=gate.port))
    with pytest.raises(StoreUnavailable) as caught:
        await store.open()
    assert caught.value.reason == "unavailable"
    await store.close()


async def test_a_silent_server_is_unavailable_after_the_time_out(server: QdrantServer, gate: Gate) -> None:
    store = ServerAnswerStore(replace(server, grpc_port=gate.port, lookup_timeout_s=0.05))
    await store.open()
    gate.stall()
    with pytest.raises(StoreUnavailable) as caught:
        await store.lookup([make_sought()])
    assert caught.value.reason == "timeout"
    await store.close()


async def test_answers_are_served_again_when_the_server_is_back(server: QdrantServer, gate: Gate) -> None:
    clock, metrics = ManualClock(), RecordedMetrics()
    store = ServerAnswerStore(replace(server, grpc_port=gate.port))
    guarded = GuardedStore(store, CircuitPolicy(WAIT_S, WAIT_S), clock, metrics)
    await guarded.open()
    assert await guarded.put([make_stored()])
    await gate.cut()
    assert await guarded.lookup([make_sought()]) is None
    await gate.restore()
    assert await guarded.lookup([make_sought()]) is None, "not tried before the wait is over"
    clock.advance(WAIT_S)
    while await guarded.lookup([make_sought()]) is None:
        # The channel takes up to a second of real time before it connects again.
        clock.advance(WAIT_S)
    assert await guarded.lookup([make_sought()]) == [make_stored()]
    assert metrics.total("headchef.cache.failures", operation="lookup", reason="unavailable") >= 1
    await guarded.close()


async def test_a_server_that_was_away_at_the_start_is_used_when_it_comes(server: QdrantServer, gate: Gate) -> None:
    await gate.cut()
    clock = ManualClock()
    store = ServerAnswerStore(replace(server, grpc_port=gate.port))
    guarded = GuardedStore(store, CircuitPolicy(WAIT_S, WAIT_S), clock, RecordedMetrics())
    await guarded.open()
    assert await guarded.lookup([make_sought()]) is None
    await gate.restore()
    clock.advance(WAIT_S)
    while not await guarded.put([make_stored()]):
        clock.advance(WAIT_S)
    assert await guarded.lookup([make_sought()]) == [make_stored()]
    await guarded.close()


async def test_a_collection_that_was_dropped_is_made_again(server: QdrantServer) -> None:
    clock, metrics = ManualClock(), RecordedMetrics()
    guarded = GuardedStore(ServerAnswerStore(server), CircuitPolicy(WAIT_S, WAIT_S), clock, metrics)
    await guarded.open()
    await asyncio.to_thread(drop_collection, server)
    assert await guarded.lookup([make_sought()]) is None
    clock.advance(WAIT_S)
    assert await guarded.lookup([make_sought()]) == [None]
    assert await guarded.put([make_stored()])
    assert metrics.total("headchef.cache.failures", reason="not_found") == 1
    await guarded.close()


async def test_several_processes_share_one_collection(server: QdrantServer) -> None:
    stores = [ServerAnswerStore(server) for _ in range(3)]
    await asyncio.gather(*(store.open() for store in stores))
    await stores[0].put([make_stored()])
    assert [list(await store.lookup([make_sought()])) for store in stores] == [[make_stored()]] * 3
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_collection_whose_maker_died_right_after_making_it_is_to_be_filled(server: QdrantServer) -> None:
    await asyncio.to_thread(make_bare_collection, server)
    store = ServerAnswerStore(server)
    await store.open()
    assert await store.unfilled()
    await store.set_unfilled(False)
    await store.close()
    await store.open()
    assert not await store.unfilled()
    assert await store.count() == 0
    await store.close()
