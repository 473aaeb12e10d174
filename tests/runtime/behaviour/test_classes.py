"""Interactive and bulk inputs of the same tasks: neither stands before the other, and bulk keeps its share."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from headchef.runtime.processor import BatchHandler, Delivery, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import Echo, Noting, echoed, named
from tests.runtime.behaviour.faults import Hold
from tests.runtime.behaviour.world import SECOND, SOURCE, Order, World
from tests.support.eventually import eventually

BULK = 150
INTERACTIVE = 60
MOST_QUEUED = 100
MOST_UNWRITTEN = 100


class NotingBatches(BatchHandler):
    """The same for batches."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.order: list[str] = []

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        """Note and wait."""
        values = [(delivery.record.value or b"").decode() for delivery in deliveries]
        self.order += values
        await self.gate.wait()
        return [echoed(delivery, value) for delivery, value in zip(deliveries, values, strict=True)]


async def blocked_by_bulk(world: World, handler: Noting | NotingBatches, order: Order) -> Counter[str]:
    """Have bulk handled, and the buffer full of it, before interactive work comes; the first call waits."""
    await world.publish(*named("bulk", BULK), topic=SECOND)
    one = world.start("one", handler, order=order, concurrency=1, buffer_records=1000)
    await eventually(lambda: bool(handler.order) and one.engine.tasks[0].queued >= min(MOST_QUEUED, BULK - 1))
    queued = one.engine.tasks[0].queued
    await world.publish(*named("interactive", INTERACTIVE))
    await eventually(lambda: one.engine.tasks[0].queued >= queued + INTERACTIVE)
    return Counter([*named("bulk", BULK), *named("interactive", INTERACTIVE)])


@pytest.mark.parametrize("order", ["in_order", "concurrent"])
async def test_interactive_work_passes_bulk_that_waits_in_the_buffer(make_world: MakeWorld, order: Order) -> None:
    world, handler = await make_world(partitions=1, inputs=(SOURCE, SECOND), bulk=(SECOND,)), Noting()
    everything = await blocked_by_bulk(world, handler, order)
    begun = len(handler.order)
    handler.gate.set()
    assert await world.until_done() == everything
    both = handler.order[begun : begun + INTERACTIVE]
    assert sum(value.startswith("bulk") for value in both) in (INTERACTIVE // 10, INTERACTIVE // 10 - 1)
    assert handler.order[begun : begun + 5] == named("interactive", 5)
    for name, count in (("bulk", BULK), ("interactive", INTERACTIVE)):
        assert [value for value in handler.order if value.startswith(name)] == named(name, count), "in order of its own"


async def test_little_bulk_waits_to_be_written_before_what_is_interactive(make_world: MakeWorld) -> None:
    world, handler = await make_world(partitions=1, inputs=(SOURCE, SECOND), bulk=(SECOND,)), Echo()
    bulk = named("bulk", 1500)
    await world.publish(*bulk, topic=SECOND)
    hold = Hold("before", "producer.commit", skip=1)
    one = world.start("one", handler, hook=hold, buffer_records=1000)
    await hold.until_met()
    before = sum(handler.calls.values())
    await eventually(lambda: one.engine.tasks[0].in_flight >= MOST_UNWRITTEN)
    await world.publish("interactive-0")
    await eventually(lambda: handler.calls["interactive-0"])
    assert sum(handler.calls.values()) - before <= MOST_UNWRITTEN + 1
    hold.released.set()
    assert await world.until_done() == Counter([*bulk, "interactive-0"])


async def test_a_batch_has_interactive_work_first(make_world: MakeWorld) -> None:
    world, handler = await make_world(partitions=1, inputs=(SOURCE, SECOND), bulk=(SECOND,)), NotingBatches()
    everything = await blocked_by_bulk_batches(world, handler)
    begun = len(handler.order)
    handler.gate.set()
    assert await world.until_done() == everything
    assert handler.order[begun : begun + 5] == named("interactive", 5)


async def blocked_by_bulk_batches(world: World, handler: NotingBatches) -> Counter[str]:
    """As above, where one batch may take all that is queued: bulk comes while it is handled."""
    await world.publish("bulk-0", topic=SECOND)
    one = world.start("one", handler, order="batches", buffer_records=1000)
    await eventually(lambda: bool(handler.order))
    await world.publish(*named("bulk", BULK)[1:], topic=SECOND)
    await eventually(lambda: one.engine.tasks[0].queued >= BULK - 1)
    await world.publish(*named("interactive", INTERACTIVE))
    await eventually(lambda: one.engine.tasks[0].queued >= BULK - 1 + INTERACTIVE)
    return Counter([*named("bulk", BULK), *named("interactive", INTERACTIVE)])


async def test_a_group_that_never_knew_bulk_begins_it_where_it_begins(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, inputs=(SOURCE, SECOND), bulk=(SECOND,))
    both, world.inputs = world.inputs, world.inputs[:1]
    await world.publish(*named("interactive", 20))
    await world.publish(*named("bulk", 20), topic=SECOND)
    before, after = Echo(), Echo()
    one = world.start("one", before)
    assert await world.until_out(20) == Counter(named("interactive", 20))
    await one.stop()
    world.inputs = both
    world.start("one", after)
    await world.publish("interactive-20")
    assert await world.until_done() == Counter([*named("bulk", 20), *named("interactive", 21)])
    assert after.calls == Counter([*named("bulk", 20), "interactive-20"])
