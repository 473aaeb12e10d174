"""Ends aiokafka's clients within a bound, also one that waits for an answer or has lost its cancellation.

Like `internals`, this knows what aiokafka 0.14 keeps to itself. Its clients end by awaiting their own tasks, one after
the other and without a bound; a task that takes a cancellation for the end of what it waited for goes on, and whoever
awaits it waits for ever. A member of a group that never gets through this never enters the group again.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import ProducerClosed

from headchef.runtime.giving_up import seen

_STOP_TIMEOUT_S = 5.0

_TRIES = 4
"""How often a task is cancelled: one that swallows it has been waiting for another that ended at that moment."""

_TRY_S = 1.0


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop, also in the middle of a join, which `stop` alone would wait out: at most ten seconds, whatever it does."""
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        await asyncio.wait((stopping,), timeout=_STOP_TIMEOUT_S)
    finally:
        if not stopping.done() or stopping.cancelled() or stopping.exception() is not None:
            await _end([*_tasks_of(consumer), stopping], consumer._client)


async def disconnect(consumer: AIOKafkaConsumer) -> None:
    """Stop, and close what a start that was still going on has opened since."""
    await stop_consumer(consumer)
    await _end(_tasks_of(consumer), consumer._client)


def drop_producer(producer: AIOKafkaProducer) -> asyncio.Task[None]:
    """Cut a producer off at once, where `stop` would deliver what it holds; the clearing up is to be awaited."""
    producer._closed = True
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    _hang_up(producer.client)
    # Lets go of whoever waits for room behind a batch that will never leave.
    producer._message_accumulator.fail_all(ProducerClosed())
    return asyncio.ensure_future(_clear_up(producer))


async def _clear_up(producer: AIOKafkaProducer) -> None:
    sender = producer._sender.sender_task
    if sender is not None:
        # It ends the tasks that it has made, one after the other; cancelled once more, it would leave the others be.
        await asyncio.wait((sender,), timeout=_STOP_TIMEOUT_S)
    await _end([sender], producer.client)
    manager, batches = producer._txn_manager, producer._message_accumulator._batches
    if manager is not None:
        _see([manager._transaction_waiter, *(waiter for _, _, waiter in manager._pending_txn_offsets)])
    _see(batch._drain_waiter for partition in batches.values() for batch in partition)


def _tasks_of(consumer: AIOKafkaConsumer) -> list[Any]:
    """Give the tasks that one consumer has made: those of its group or of the lack of one, and of its fetching."""
    fetcher: Any = consumer._fetcher
    names = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_reset_committed_task")
    of_group = [getattr(consumer._coordinator, name, None) for name in names]
    return of_group if fetcher is None else [*of_group, fetcher._fetch_task, *fetcher._pending_tasks]


async def _end(tasks: Iterable[asyncio.Task[Any] | None], client: Any) -> None:
    """End tasks, some of which may never have been begun, and the client that they use; within a bound."""
    _hang_up(client)
    left = ended = {task for task in (*tasks, client._sync_task) if task is not None}
    for _ in range(_TRIES):
        left = {task for task in left if not task.done()}
        if not left:
            break
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_TRY_S)
    _see(ended)
    # What they opened before they ended.
    closing = _hang_up(client)
    if closing:
        await asyncio.wait(closing, timeout=_TRY_S)


def _see(ended: Iterable[asyncio.Future[Any] | None]) -> None:
    for each in ended:
        if each is not None and each.done():
            seen(each)


def _hang_up(client: Any) -> list[asyncio.Future[Any]]:
    """Close a client's connections, and give what is done when they are; nothing that is still to be sent is."""
    closing = []
    for connection in list(client._conns.values()):
        if connection._writer is not None:
            # Closed alone, it would first hand over what it holds, which a peer that stands still never takes.
            connection._writer.transport.abort()
        closing.append(connection.close())
    return closing
