"""What is stopped stands in nobody's way, outlives its process, and goes on or ends as soon as it may."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from headchef.runtime.clock import Clock
from headchef.runtime.gauges import Gauges
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Delivery, Hold, Outcome, State, Stop, Timer
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.door import Door
from tests.runtime.behaviour.echo import Echo, echoed
from tests.runtime.behaviour.fast_clock import FastClock
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.world import World
from tests.support.eventually import eventually, eventually_async
from tests.support.recorded_metrics import RecordedMetrics


class Brake(Hold):
    """Stops records by the first letter of their value.

    Attributes:
        asked: how often it was asked.
    """

    def __init__(self, clock: Clock, **stops: Stop) -> None:
        self.asked = 0
        self._clock = clock
        self._stops = stops
        self._watchers: list[Callable[[], None]] = []

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._watchers.append(changed)
        return lambda: self._watchers.remove(changed)

    def stops_any(self) -> bool:
        return bool(self._stops)

    def stop_of(self, record: Record) -> Stop | None:
        self.asked += 1
        return self._stops.get((record.value or b"-").decode()[0])

    async def settle(self, delivery: Delivery) -> Outcome:
        value = (delivery.record.value or b"").decode()
        if (stop := self._stops.get(value[0])) in ("ends", "moves"):
            return echoed(delivery, f"{stop} {value}")
        return Outcome(timers=(Timer(value, self._clock.now() + timedelta(0), value.encode()),))

    def change(self, **stops: Stop) -> None:
        self._stops = stops
        for changed in list(self._watchers):
            changed()

    @property
    def watched(self) -> int:
        return len(self._watchers)


class TriedAgain(Echo):
    """An echo of which each record is tried again once, after a while."""

    def __init__(self, clock: Clock, after_s: float) -> None:
        super().__init__()
        self._clock = clock
        self._after_s = after_s

    def outcome(self, delivery: Delivery, state: State, value: str) -> Outcome:
        if delivery.timer is not None:
            return echoed(delivery, value)
        due = self._clock.now() + timedelta(seconds=self._after_s)
        return Outcome(timers=(Timer(value, due, value.encode()),))


def held(*instances: Instance) -> int:
    return sum(task.held for each in instances for task in each.engine.tasks.values())


def start(world: World, name: str, handler: Echo, brake: Brake, **about: int) -> Instance:
    return world.start(name, handler, order="concurrent", hold=brake, **about)  # type: ignore[arg-type]  # numbers only


async def until_out(world: World, *values: str) -> None:
    async def out() -> bool:
        return sorted(await world.outputs()) == sorted(values)

    await eventually_async(out)


async def test_what_is_stopped_holds_up_nobody_and_goes_on_in_its_order(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock, a="waits"), Echo()
    one = start(world, "one", handler, brake, concurrency=1)
    metrics = RecordedMetrics()
    Gauges(one.engine, world.clock).register(metrics)
    await world.publish("a1", "b1", "a2", "b2", "a3")
    await until_out(world, "b1", "b2")
    await eventually(lambda: held(one) == 3)
    assert [value for value, _ in metrics.reading("headchef.held")] == [3]
    assert await world.until_done() == Counter(["b1", "b2"]), "the place is past those that wait"
    assert (handler.calls, one.engine.ready()) == (Counter(["b1", "b2"]), None)
    brake.change()
    await until_out(world, "b1", "b2", "a1", "a2", "a3")
    assert list(handler.calls) == ["b1", "b2", "a1", "a2", "a3"]
    assert (held(one), handler.calls.total()) == (0, 5)
    await one.stop()
    assert brake.watched == 0


async def test_a_change_that_concerns_others_lets_nothing_go(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock, a="waits", b="waits"), Echo()
    one = start(world, "one", handler, brake)
    await world.publish("a1", "b1", "a2")
    await eventually(lambda: held(one) == 3)
    brake.change(a="waits")
    await until_out(world, "b1")
    await eventually(lambda: held(one) == 2)
    assert handler.calls == Counter(["b1"])


async def test_what_waits_to_be_tried_again_is_stopped_too(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock), TriedAgain(world.clock, after_s=5)  # a busy machine's time to stop it
    one = start(world, "one", handler, brake)
    await world.publish("a1", "b1")
    await eventually(lambda: handler.calls == Counter(["a1", "b1"]))
    brake.change(a="waits")
    await until_out(world, "b1")
    await eventually(lambda: held(one) == 1)
    assert handler.calls["a1"] == 1
    brake.change()
    await until_out(world, "b1", "a1")
    assert handler.calls["a1"] == 2


async def test_what_is_stopped_outlives_its_process_and_moves_with_its_task(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, timers=True)
    brake = Brake(world.clock, a="waits")
    one = start(world, "one", Echo(), brake)
    values = [f"a{number}" for number in range(6)]
    await world.publish(*values)
    await eventually(lambda: held(one) == 6)
    await world.until_done()
    await one.kill()
    first, second = Echo(), Echo()
    one = start(world, "one", first, brake)
    await eventually(lambda: held(one) == 6)
    two = start(world, "two", second, brake)
    await eventually(lambda: (held(one), held(two)) == (3, 3))
    brake.change()
    await until_out(world, *values)
    assert first.calls + second.calls == Counter(values)


async def test_what_ends_is_not_handled_and_waits_for_no_door(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler, door = Brake(world.clock, a="ends", b="waits"), Echo(), Door(0)
    one = world.start("one", handler, order="concurrent", hold=brake, admission=door)
    await world.publish("a1", "b1", "c1", "a2")
    await until_out(world, "ends a1")
    await eventually(lambda: held(one) == 1 and bool(door.waiting))
    brake.change(a="ends", b="ends", c="ends")
    await until_out(world, "ends a1", "ends b1", "ends c1", "ends a2")
    assert (handler.calls, door.inside) == (Counter(), [])
    await world.publish("d1")
    await eventually(lambda: bool(door.waiting))
    door.open(1)
    await until_out(world, "ends a1", "ends b1", "ends c1", "ends a2", "d1")


async def test_what_is_to_be_tried_again_much_later_ends_at_once(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock), TriedAgain(world.clock, after_s=3600)
    one = start(world, "one", handler, brake)
    await world.publish("a1", "b1")
    await eventually(lambda: handler.calls == Counter(["a1", "b1"]))
    await world.until_done()
    brake.change(a="ends", b="waits")
    await until_out(world, "ends a1")
    await world.until_later(0.5)
    assert (held(one), handler.calls) == (0, Counter(["a1", "b1"])), "the other one is still to come"


async def test_what_is_to_go_elsewhere_goes_at_once_and_a_timer_when_it_is_due(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler, door = Brake(world.clock), TriedAgain(world.clock, after_s=1_800), Door(1)
    one = world.start("one", handler, order="concurrent", hold=brake, admission=door)
    await world.publish("a1")
    await eventually(lambda: handler.calls == Counter(["a1"]))
    await world.until_done()
    await world.publish("a2", "b1")
    await eventually(lambda: bool(door.waiting))
    brake.change(a="moves")
    await until_out(world, "moves a2")
    await world.until_later(0.5)
    assert await world.outputs() == ["moves a2"], "one that waits to be tried again is not due yet"
    await one.stop()
    world.clock = FastClock(world.clock, timedelta(minutes=31))
    world.start("one", handler, order="concurrent", hold=brake, admission=door)
    await until_out(world, "moves a2", "moves a1")
    await eventually(lambda: bool(door.waiting))
    assert (handler.calls, len(door.waiting)) == (Counter(["a1"]), 1), "what may stay waits at the door as before"


async def test_what_is_paused_goes_elsewhere_once_it_may(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock, a="waits"), Echo()
    one = start(world, "one", handler, brake)
    await world.publish("a1", "a2")
    await eventually(lambda: held(one) == 2)
    brake.change(a="moves")
    await until_out(world, "moves a1", "moves a2")
    assert (held(one), handler.calls) == (0, Counter())


async def test_what_is_stopped_of_one_flow_does_not_wait_for_another_one_at_the_door(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True, flow=lambda record: (record.value or b"").decode()[1:])
    brake, handler, door = Brake(world.clock), Echo(), Door(0)
    one = world.start("one", handler, order="concurrent", hold=brake, admission=door)
    await world.publish("c1", "a2", "a2", "b3")
    await eventually(lambda: bool(door.waiting))
    brake.change(a="ends", b="waits")
    await until_out(world, "ends a2", "ends a2")
    await eventually(lambda: held(one) == 1)
    assert (handler.calls, bool(door.waiting)) == (Counter(), True)


async def test_where_too_much_is_held_the_rest_waits_behind_it(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock, a="waits"), Echo()
    one = start(world, "one", handler, brake, most_held=2)
    await world.publish("a1", "a2")
    await eventually(lambda: held(one) == 2)
    await world.publish("b1", "a3", "b2")
    await until_out(world, "b1")
    await world.until_later(1.0)
    assert (held(one), handler.calls) == (2, Counter(["b1"]))
    brake.change()
    await until_out(world, "a1", "a2", "a3", "b1", "b2")
    assert handler.calls.total() == 5


async def test_what_is_held_is_not_counted_among_those_that_wait_to_be_tried_again(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True, waiting=1)
    brake, handler = Brake(world.clock, a="waits"), Echo()
    one = start(world, "one", handler, brake)
    await world.publish(*(f"a{number}" for number in range(8)), "b1")
    await until_out(world, "b1")
    await eventually(lambda: held(one) == 8)


async def test_a_head_is_asked_about_once_however_long_it_stands_there(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler, door = Brake(world.clock), Echo(), Door(0)
    world.start("one", handler, order="concurrent", hold=brake, admission=door)
    await world.publish("a1")
    await eventually(lambda: bool(door.waiting))
    for asked, stops in enumerate(({}, {"b": "waits"}, {"b": "ends"})):
        brake.change(**stops)  # type: ignore[arg-type]  # words
        for _ in range(5):
            for wake in list(door.waiting):
                wake.set()
            await asyncio.sleep(0)
        assert brake.asked == asked, "never where nothing is stopped, and once after each change"
    brake.change(a="waits")
    door.open(1)
    await world.until_later(0.5)
    assert handler.calls == Counter()


async def in_order(world: World, name: str, handler: Echo, brake: Brake) -> Instance:
    """Start one that handles in order, with a timer far off for `a1`, and none for `b1`, which it has handled."""
    one = world.start(name, handler, order="in_order", hold=brake)
    await world.publish("a1", "b1")
    await eventually(lambda: handler.calls == Counter(["a1", "b1"]))
    assert await world.until_done() == Counter(), "both wait"
    return one


async def test_in_order_a_timer_that_is_to_end_goes_off_before_it_is_due(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock), TriedAgain(world.clock, after_s=3_600)
    await in_order(world, "one", handler, brake)
    brake.change(a="ends")
    await until_out(world, "a1")
    brake.change(a="waits", b="ends")
    await until_out(world, "a1", "b1")


async def test_what_was_said_while_nobody_had_the_task_is_heeded_by_who_takes_it(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    brake, handler = Brake(world.clock), TriedAgain(world.clock, after_s=3_600)
    one = await in_order(world, "one", handler, brake)
    await one.stop()
    brake.change(a="ends")
    world.start("two", handler, order="in_order", hold=brake)
    await until_out(world, "a1")
