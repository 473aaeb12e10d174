"""Whoever cannot keep up is not polled: memory stays bounded, the membership is kept, and others go on."""

import asyncio
from collections import Counter

import pytest

from headchef.runtime import intake
from headchef.runtime.processor import Delivery, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo
from tests.runtime.behaviour.faults import Hold
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import SECOND, SESSION_S, SOURCE, Order
from tests.support.eventually import eventually

BUFFER = 20
MOST_HELD = 2 * BUFFER
"""A task takes up to its buffer, and at most one more poll of that size when it had room for one record."""

MOST_UNWRITTEN = 4 * BUFFER
"""Handlers go on until twice the buffer waits to be written, with the queue behind it."""

ORDERS = pytest.mark.parametrize("order", ["in_order", "concurrent"])


def held(instance: Instance) -> list[int]:
    """Count what each task holds."""
    return [task.queued + task.in_flight for task in instance.engine.tasks.values()]


class Watch:
    """Watches how much the tasks of a process hold until some time has passed."""

    def __init__(self, instance: Instance, seconds: float) -> None:
        self._instance = instance
        self._clock_s = asyncio.get_running_loop().time
        self._due_s = self._clock_s() + seconds
        self.most = 0

    def over(self) -> bool:
        """Look, and say whether the time is over."""
        self.most = max([self.most, *held(self._instance)])
        return self._clock_s() >= self._due_s


@ORDERS
async def test_blocked_handlers_hold_little_and_keep_their_tasks(make_world: MakeWorld, order: Order) -> None:
    session_s = 4 * SESSION_S
    world = await make_world(session_s=session_s)
    values = list(map(str, range(800)))
    await world.publish(*values)
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        await gate.wait()

    handler = Echo(wait)
    one = world.start("one", handler, order=order, concurrency=1000, buffer_records=BUFFER)
    await eventually(lambda: len(one.tasks) == 4 and min(held(one)) >= BUFFER - 1)
    joins, tasks = one.log.joins_ended, dict(one.engine.tasks)
    watch = Watch(one, 1.5 * session_s)
    await eventually(watch.over)
    assert watch.most <= MOST_HELD
    assert one.log.joins_ended == joins, "there was no other round"
    assert dict(one.engine.tasks) == tasks
    gate.set()
    watch = Watch(one, 0)
    await eventually(lambda: watch.over() and sum(handler.calls.values()) == len(values))
    assert await world.until_done() == Counter(values)
    assert watch.most <= MOST_HELD
    assert handler.calls == Counter(values)


async def test_what_cannot_be_written_holds_up_what_is_read(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1)
    values = list(map(str, range(400)))
    await world.publish(*values)
    hold = Hold("before", "producer.commit", skip=1)
    handler = Echo()
    one = world.start("one", handler, hook=hold, buffer_records=BUFFER)
    await hold.until_met()
    watch = Watch(one, 0.5)
    await eventually(watch.over)
    assert watch.most <= MOST_UNWRITTEN
    assert sum(handler.calls.values()) <= MOST_UNWRITTEN
    hold.released.set()
    assert await world.until_done() == Counter(values)
    assert handler.calls == Counter(values)


@ORDERS
async def test_a_full_task_does_not_hold_up_the_others(make_world: MakeWorld, order: Order) -> None:
    world = await make_world()
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        if value.startswith("stuck"):
            await gate.wait()

    stuck = [f"stuck-{number}" for number in range(300)]
    await world.publish(*stuck, partition=0)
    world.start("one", Echo(wait), order=order, concurrency=1000, buffer_records=BUFFER)
    free = [f"free-{partition}-{number}" for partition in (1, 2, 3) for number in range(300)]
    for partition in (1, 2, 3):
        await world.publish(*(value for value in free if value.startswith(f"free-{partition}")), partition=partition)
    assert await world.until_out(len(free)) == Counter(free)
    gate.set()
    assert await world.until_done() == Counter(free + stuck)


async def test_a_task_with_room_again_is_polled_although_its_neighbours_wait_for_news(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_POLL_S", 600.0)
    world = await make_world(partitions=2)
    sent = list(map(str, range(BUFFER)))
    world.start("one", Echo(), buffer_records=2)
    await world.publish(*sent, partition=1)
    assert await world.until_done() == Counter(sent)


async def test_bulk_that_lies_unread_delays_interactive_by_no_more_than_a_buffer(make_world: MakeWorld) -> None:
    class Noting(Echo):
        def __init__(self) -> None:
            super().__init__()
            self.order: list[str] = []
            self.gate = asyncio.Event()
            self.gate.set()

        async def handle(self, delivery: Delivery, state: State) -> Outcome:
            await self.gate.wait()
            self.order.append((delivery.record.value or b"").decode())
            await asyncio.sleep(0.001)
            return await super().handle(delivery, state)

    world = await make_world(partitions=1, inputs=(SOURCE, SECOND), bulk=(SECOND,))
    bulk = [f"bulk-{number}" for number in range(2000)]
    await world.publish(*bulk, topic=SECOND)
    handler = Noting()
    one = world.start("one", handler, buffer_records=BUFFER)
    assert len(one.engine.intakes) == 2, "each class has its own reader"
    for number in range(1, 4):
        await eventually(lambda number=number: len(handler.order) > 100 * number)  # type: ignore[misc]  # mypy infers no type for the default
        handler.gate.clear()
        await world.publish(f"interactive-{number}")
        # How long the log takes to bring it is another matter.
        mark = one.engine.tasks[0].watermarks[world.source(0)]
        await eventually(lambda mark=mark, number=number: mark.received == number)  # type: ignore[misc]  # as above
        before = len(handler.order)
        handler.gate.set()
        await eventually(lambda number=number: handler.calls[f"interactive-{number}"])  # type: ignore[misc]  # as above
        assert handler.order.index(f"interactive-{number}") - before <= MOST_HELD
    assert await world.until_done() == Counter([*bulk, *(f"interactive-{number}" for number in range(1, 4))])


async def test_a_reader_that_brings_nothing_is_replaced(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = await make_world(partitions=1)
    values = list(map(str, range(100)))
    await world.publish(*values)
    hold = Hold("after", "reader.poll")
    handler = Echo()
    with monkeypatch.context() as patch:
        patch.setattr(intake, "_STALL_S", 0.3)
        one = world.start("one", handler, hook=hold, buffer_records=BUFFER)
        await hold.until_met()
        await eventually(lambda: "reading anew" in caplog.text)
    hold.released.set()
    assert await world.until_done() == Counter(values)
    assert handler.calls == Counter(values), "what the old one brought late is not read again"
    assert not one.ended
