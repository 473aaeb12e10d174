"""Members join, leave, die and return: tasks move whole, never to two at once, and nobody waits for the dead."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from headchef.runtime import counts
from headchef.runtime.errors import MemberFenced
from headchef.runtime.log.kafka import connection
from headchef.runtime.processor import Delivery, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.crew import Busy, Crew
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.faults import Hold
from tests.runtime.behaviour.world import SECOND, SESSION_S, SOURCE, Order, World
from tests.support.eventually import eventually

TASKS = 6
PAUSE_S = 0.02


@asynccontextmanager
async def watched(world: World) -> AsyncIterator[Crew]:
    """Watch that no task is ever in two hands."""
    crew = Crew(world)
    yield crew
    await crew.stop_watching()


@asynccontextmanager
async def load(world: World) -> AsyncIterator[None]:
    """Publish a record to each partition of each input every few milliseconds."""
    enough = asyncio.Event()

    async def keep_publishing() -> None:
        number = 0
        while not enough.is_set():
            for source in world.inputs:
                values = [f"{source.topic}-{number}-{task}" for task in range(world.partitions)]
                await world.publish(*values, topic=source.topic)
            number += 1
            await asyncio.sleep(PAUSE_S)

    publishing = asyncio.ensure_future(keep_publishing())
    try:
        yield
    finally:
        enough.set()
        await publishing


# Long enough that each task has calls in flight when it is given back.
@pytest.mark.parametrize(("order", "call_s"), [("in_order", 0.008), ("concurrent", 0.1)])
async def test_growing_to_three_and_shrinking_to_two_calls_nothing_twice(
    make_world: MakeWorld, order: Order, call_s: float
) -> None:
    world = await make_world(partitions=TASKS, inputs=(SOURCE, SECOND))
    handlers = [Busy(call_s) for _ in range(3)]
    async with watched(world) as crew, load(world):
        one = world.start("one", handlers[0], order=order)
        await crew.until_even(6)
        await world.until_out(1)
        world.start("two", handlers[1], order=order)
        world.start("three", handlers[2], order=order)
        await crew.until_even(2, 2, 2)
        await eventually(lambda: all(handler.calls for handler in handlers))
        await one.stop()
        await crew.until_even(3, 3)
        await eventually(lambda: sum(handlers[2].calls.values()) > 50)
    await world.until_done()
    sent = await published(world)
    assert Counter(await world.outputs()) == sent
    assert sum((handler.calls for handler in handlers), Counter()) == sent


async def test_members_join_leave_die_and_return(make_world: MakeWorld) -> None:
    world = await make_world(partitions=TASKS, inputs=(SOURCE, SECOND), session_s=3 * SESSION_S)
    async with watched(world) as crew, load(world):
        one, two = world.start("one", Echo()), world.start("two", Echo())
        await crew.until_even(3, 3)
        await two.kill()
        await crew.until_even(6)
        world.start("two", Echo())
        await crew.until_even(3, 3)
        three = world.start("three", Echo())
        await crew.until_even(2, 2, 2)
        await one.stop()
        await crew.until_even(3, 3)
        await three.kill()
        world.start("three", Echo())
        await crew.until_even(3, 3)
    await world.until_done()
    assert Counter(await world.outputs()) == await published(world)


async def test_both_inputs_of_a_task_go_to_the_same_process(make_world: MakeWorld) -> None:
    class Noting(Echo):
        def __init__(self) -> None:
            super().__init__()
            self.seen: set[tuple[str, int]] = set()

        async def handle(self, delivery: Delivery, state: State) -> Outcome:
            self.seen.add((delivery.topic, delivery.record.partition))
            return await super().handle(delivery, state)

    world = await make_world(partitions=TASKS, inputs=(SOURCE, SECOND))
    noting = [Noting(), Noting(), Noting(), Noting()]
    async with watched(world) as crew:
        instances = [world.start(f"n{number}", handler) for number, handler in enumerate(noting)]
        await crew.until_even(1, 1, 2, 2)
        for topic in (SOURCE, SECOND):
            await world.publish(*(f"{topic}-{task}" for task in range(TASKS)), topic=topic)
        await world.until_out(2 * TASKS)
        for instance, handler in zip(instances, noting, strict=True):
            assert handler.seen == {(topic, task) for topic in (SOURCE, SECOND) for task in instance.tasks}


async def test_a_join_held_up_by_a_dead_member_does_not_stop_running_tasks(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2)
    async with watched(world) as crew:
        one, two = world.start("one", Echo()), world.start("two", Echo())
        await crew.until_even(1, 1)
        (task,) = one.tasks
        await two.kill()
        before = one.log.joins_begun
        three = world.start("three", Echo())
        await eventually(lambda: one.log.joins_begun > before)
        for number in range(5):
            await world.publish(f"during-{number}", partition=task)
            await world.until_out(number + 1)
        assert three.log.joins_ended == 0, "the round still waits for the dead one"
        world.start("two", Echo())
        await crew.until_even(0, 1, 1)


async def test_a_task_drained_during_a_join_is_not_orphaned(make_world: MakeWorld) -> None:
    world = await make_world(partitions=3)
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        await gate.wait()

    async with watched(world) as crew:
        handler = Echo(wait)
        one = world.start("one", handler)
        await crew.until_even(3)
        await world.publish("a", "b", "c")
        await eventually(lambda: len(handler.calls) == 3)
        ghost = world.start("ghost", Echo(), session_timeout_s=4 * SESSION_S)
        await eventually(lambda: ghost.log.joins_ended > 0)
        assert ghost.tasks == set(), "nothing is given to it before its owner has drained it"
        await ghost.kill()
        before = one.log.joins_begun
        two = world.start("two", Echo())
        await eventually(lambda: one.log.joins_begun > before)
        assert two.log.joins_ended == 0
        gate.set()
        await eventually(lambda: len(one.tasks) < 3)
        await crew.until_even(1, 2)
        await world.publish("d", "e", "f")
        assert await world.until_out(6) == Counter("abcdef")


async def test_a_member_that_returns_within_its_session_gets_its_tasks_back(make_world: MakeWorld) -> None:
    world = await make_world(partitions=4)
    async with watched(world) as crew:
        one = world.start("one", Echo())
        await crew.until_even(4)
        two = world.start("two", Echo())
        await crew.until_even(2, 2)
        mine, before = two.tasks, one.log.joins_ended
        await two.kill()
        again = world.start("two", Echo())
        await eventually(lambda: again.tasks == mine and again.engine.ready() is None)
        await world.publish(*map(str, range(8)))
        assert await world.until_done() == Counter(map(str, range(8)))
        assert one.log.joins_ended == before, "the others have noticed nothing"


async def test_a_second_live_process_with_the_same_id_ends_and_says_so(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, session_s=SESSION_S)
    first = world.start("same", Echo())
    await eventually(lambda: len(first.tasks) == 2)
    second = world.start("same", Echo())
    await eventually(lambda: first.ended or second.ended)
    ended, left = (first, second) if first.ended else (second, first)
    failure = await ended.failure()
    assert isinstance(failure, MemberFenced)
    assert f"{world.namespace}-same" in str(failure)
    await eventually(lambda: len(left.tasks) == 2 and left.engine.ready() is None)
    await world.publish("a", "b")
    assert await world.until_done() == Counter("ab")


async def test_partitions_that_are_added_at_run_time_are_picked_up(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_METADATA_MAX_AGE_MS", 500)

    class Counting(Echo):
        def __init__(self) -> None:
            super().__init__()
            self.partitions: dict[str, int] = {}

        async def handle(self, delivery: Delivery, state: State) -> Outcome:
            self.partitions[(delivery.record.value or b"").decode()] = delivery.partitions
            return await super().handle(delivery, state)

    world = await make_world(partitions=2, inputs=(SOURCE, SECOND))
    handler = Counting()
    async with watched(world) as crew:
        one = world.start("one", handler)
        await crew.until_even(2)
        world.partitions = 4
        for topic in (world.topic("jobs.submitted"), world.names.births, world.topic(SOURCE)):
            await world.backend.grow_topic(topic, 4)
        await world.publish(*map(str, range(4)))
        await world.until_out(2)
        assert one.tasks == {0, 1}, "the smallest input decides"
        await world.backend.grow_topic(world.topic(SECOND), 4)
        await crew.until_even(4)
        assert await world.until_done() == Counter("0123")
        await world.publish(*(f"after-{task}" for task in range(4)))
        await world.until_done()
        assert {handler.partitions[f"after-{task}"] for task in range(4)} == {4}, "tasks that were there know too"


@pytest.mark.parametrize("grown_while_dead", [True, False])
async def test_a_leader_that_came_back_without_a_round_still_notices_new_partitions(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, grown_while_dead: bool
) -> None:
    monkeypatch.setattr(connection, "_METADATA_MAX_AGE_MS", 500)
    monkeypatch.setattr(counts, "_LOOK_S", 0.5)
    world = await make_world(partitions=2)
    one = world.start("one", Echo())
    await eventually(lambda: one.engine.ready() is None and one.tasks == {0, 1})
    await one.kill()
    if grown_while_dead:
        await grown(world, 3)
    again = world.start("one", Echo())
    await eventually(lambda: again.engine.ready() is None and again.tasks >= {0, 1})
    if not grown_while_dead:
        await grown(world, 3)
    await world.publish(*"abc")
    assert await world.until_done() == Counter("abc")
    assert again.tasks == {0, 1, 2}


async def test_a_processor_that_has_failed_takes_no_task_any_more(make_world: MakeWorld) -> None:
    world = await make_world(session_s=SESSION_S)
    gate = asyncio.Event()

    async def wait(value: str) -> None:
        await gate.wait()
        raise ZeroDivisionError("a bug")

    handler = Echo(wait)
    one = world.start("one", handler)
    await eventually(lambda: one.engine.ready() is None and len(one.tasks) == world.partitions)
    await world.publish("poison", partition=0)
    await eventually(lambda: handler.calls)
    goodbye = Hold("before", "reader.close")
    one.log.hook = goodbye
    gate.set()
    await goodbye.until_met()
    two = world.start("two", Echo())
    await eventually(lambda: two.log.joins_ended > 0)
    assert one.tasks == set(), "what it started now nobody would end, and it would fence its next owner"
    goodbye.released.set()
    assert isinstance(await one.failure(), ZeroDivisionError)
    await eventually(lambda: len(two.tasks) == world.partitions)


async def grown(world: World, partitions: int) -> None:
    """Give all topics more partitions."""
    world.partitions = partitions
    for topic in (world.topic(SINK), world.names.births, world.topic(SOURCE)):
        await world.backend.grow_topic(topic, partitions)


async def published(world: World) -> Counter[str]:
    """Give what lies in the inputs."""
    records = [record for topic in world.names.inputs for record in await world.backend.read_committed(topic)]
    return Counter((record.value or b"").decode() for record in records)
