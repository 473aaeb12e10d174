"""Clients of aiokafka end within a bound, whatever its own tasks do and whether or not the peer still listens."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer

from headchef.runtime.log.kafka import ending
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S


async def member(backend: Backend, kafka: str, topic: str) -> Any:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, group_id=backend.name("group"), enable_auto_commit=False
    )
    await consumer.start()
    return consumer


def connected(consumer: Any) -> list[Any]:
    return [each for each in consumer._client._conns.values() if each.connected()]


async def deaf(times: int) -> None:
    """Go on after so many cancellations, as a task does that takes one for the end of what it waited for."""
    while times:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            times -= 1


async def test_a_task_that_loses_its_cancellation_is_cancelled_again(backend: Backend, kafka: str) -> None:
    consumer = await member(backend, kafka, await backend.make_topic(1))
    await consumer._coordinator.close()
    consumer._coordinator._closing = asyncio.get_running_loop().create_future()
    task = consumer._coordinator._coordination_task = asyncio.create_task(deaf(3))
    async with asyncio.timeout(PATIENCE_S):
        await ending.stop_consumer(consumer)
    assert task.done()
    assert not connected(consumer)
    # It swallowed those; a fourth is never needed.
    assert not task.cancelled()


async def test_unsent_bytes_for_a_peer_that_does_not_read_hold_nobody_up(backend: Backend, kafka: str) -> None:
    consumer = await member(backend, kafka, await backend.make_topic(1))
    released = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    connection: Any = next(iter(consumer._client._conns.values()))
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    connection._writer, former = writer, connection._writer
    writer.write(b"x" * 50_000_000)
    async with asyncio.timeout(PATIENCE_S):
        await ending.stop_consumer(consumer)
    assert writer.transport.is_closing()
    former.close()
    released.set()
    server.close()
    await server.wait_closed()


async def test_what_a_cancelled_stop_leaves_is_ended(backend: Backend, kafka: str) -> None:
    topic = await backend.make_topic(1)
    others = asyncio.all_tasks()
    consumer = await member(backend, kafka, topic)
    its_own = asyncio.all_tasks() - others
    stopping = asyncio.create_task(ending.stop_consumer(consumer))
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.wait((stopping,))
    assert stopping.cancelled()
    assert not connected(consumer)
    assert its_own
    assert not {task for task in its_own if not task.done()}
