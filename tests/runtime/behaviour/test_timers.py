"""Timers go off once, when they are due, wherever their task is by then."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.port import Partition
from headchef.runtime.processor import TIMERS, Delivery, Emit, Outcome, State, Timer
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK
from tests.runtime.behaviour.fast_clock import FastClock
from tests.runtime.behaviour.faults import crash_at, failing
from tests.runtime.behaviour.world import SOURCE, Order, World
from tests.support.eventually import eventually, eventually_async
from tests.support.hooked_log import Moment

SOON_S = 0.5
LATER_S = 5.0
"""What is said of a timer until then is said in time, also on a machine that stands still."""

FAR_S = 1_800.0
"""Nobody waits for it: whoever starts afterwards has a clock that is ahead."""

AHEAD = timedelta(seconds=FAR_S + 60)


class Waker:
    """Does what records say: `set <id> <seconds>`, `clear <id>`; a timer gone off emits its id and how often it rang.

    A timer whose payload counts above 1 sets itself again.
    """

    def __init__(self, clock: Clock, rings: int = 1) -> None:
        self.rang: Counter[str] = Counter()
        self._clock = clock
        self._rings = rings

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        if delivery.timer is not None:
            return self._ring(delivery, delivery.timer)
        order, name, *after = (delivery.record.value or b"").decode().split()
        if order == "clear":
            return Outcome(cleared=(name,))
        return Outcome(timers=(self._timer(name, float(after[0]), self._rings),))

    def _ring(self, delivery: Delivery, timer: Timer) -> Outcome:
        assert self._clock.now() >= timer.due - timedelta(seconds=0.05), "two clocks may differ by a little"
        self.rang[timer.id] += 1
        left = int(timer.payload) - 1
        event = JobSubmitted(job_id=timer.id, prompt=Inline(inline=str(left)))
        again = (self._timer(timer.id, SOON_S, left),) if left else ()
        return Outcome((Emit(SINK, event, partition=delivery.record.partition),), timers=again)

    def _timer(self, name: str, after_s: float, rings: int) -> Timer:
        return Timer(name, self._clock.now() + timedelta(seconds=after_s), b"%d" % rings)


async def until_set(world: World, count: int) -> None:
    """Wait until the changelog has so many timers."""

    async def enough() -> bool:
        found = await world.backend.read_committed(world.names.changelogs[TIMERS])
        return len({record.key for record in found if record.value is not None}) >= count

    await eventually_async(enough)


async def until_buried(world: World, count: int) -> None:
    """Wait until there are so many dead letters."""

    async def enough() -> bool:
        return len(await world.dead_letters()) >= count

    await eventually_async(enough)


class Behind(Waker):
    """By whose clock it is not yet time when a timer goes off for the first time."""

    def _ring(self, delivery: Delivery, timer: Timer) -> Outcome:
        outcome = super()._ring(delivery, timer)
        return outcome if self.rang[timer.id] > 1 else Outcome(timers=(timer,))


async def test_a_timer_that_is_set_again_for_when_it_went_off_goes_off_once_more(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    waker = Behind(world.clock)
    one = world.start("one", waker)
    await world.publish("set a 0")
    assert await world.until_out(1) == Counter("a")
    await world.until_later(3 * SOON_S)
    assert (waker.rang, one.ended) == (Counter(a=2), False)


@pytest.mark.parametrize("order", ["in_order", "concurrent"])
async def test_a_timer_goes_off_once_when_it_is_due(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=2, timers=True)
    waker = Waker(world.clock)
    world.start("one", waker, order=order)
    began_s = world.clock.monotonic()
    await world.publish(f"set a {SOON_S}", f"set b {SOON_S}", "set c 0", "set d -5")
    assert await world.until_out(4) == Counter("abcd")
    assert world.clock.monotonic() - began_s >= SOON_S
    await world.until_later(3 * SOON_S)
    assert waker.rang == Counter("abcd")
    assert Counter(await world.outputs()) == Counter("abcd")


async def test_a_timer_may_set_itself_again(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    world.start("one", Waker(world.clock, rings=3))
    await world.publish("set a 0")

    async def rung() -> bool:
        return len(await world.outputs()) == 3

    await eventually_async(rung)
    await world.until_later(3 * SOON_S)
    events = [JobSubmitted.model_validate_json(record.value or b"") for record in await world.sink()]
    assert [event.prompt for event in events] == [Inline(inline=left) for left in ("2", "1", "0")]
    ids = {dict(record.headers)["ce_id"] for record in await world.sink()}
    assert len(ids) == 3


async def test_the_last_word_on_a_timer_counts(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    waker = Waker(world.clock)
    world.start("one", waker)
    last_s = LATER_S + SOON_S
    await world.publish(f"set a {LATER_S}", f"set b {LATER_S}", f"set c {FAR_S}", "clear a", f"set b {last_s}")
    await world.publish(f"set c {SOON_S}", "clear nothing")
    assert await world.until_out(2) == Counter("bc")
    await world.until_later(2 * SOON_S)
    assert waker.rang == Counter("bc")


async def test_a_timer_outlives_its_process(make_world: MakeWorld) -> None:
    world = await make_world(partitions=2, timers=True)
    one = world.start("one", Waker(world.clock))
    await world.publish(*(f"set {name} {FAR_S}" for name in "abcd"))
    await until_set(world, 4)
    await one.kill()
    world.clock = FastClock(world.clock, AHEAD)
    waker = Waker(world.clock)
    world.start("one", waker)
    assert await world.until_out(4) == Counter("abcd")
    assert waker.rang == Counter("abcd")


async def test_a_timer_moves_with_its_task(make_world: MakeWorld) -> None:
    world = await make_world(partitions=4, timers=True)
    first = Waker(world.clock)
    one = world.start("one", first)
    await world.publish(*(f"set {name} {FAR_S}" for name in "abcdefgh"))
    await until_set(world, 8)
    world.clock = FastClock(world.clock, AHEAD)
    second = Waker(world.clock)
    two = world.start("two", second)
    await eventually(lambda: len(two.tasks) == 2 and len(one.tasks) == 2)
    assert (await world.until_out(4)).total() == 4
    assert (first.rang.total(), second.rang.total()) == (0, 4)
    await one.stop()
    assert await world.until_out(8) == Counter("abcdefgh")
    assert second.rang == Counter("abcdefgh")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"])
async def test_a_crash_while_a_timer_goes_off(make_world: MakeWorld, moment: Moment, step: str) -> None:
    world = await make_world(partitions=1, timers=True)
    waker = Waker(world.clock)
    one = world.start("one", waker)
    crashing = asyncio.ensure_future(crash_at(one, moment, step, when=lambda: "a" in waker.rang))
    await asyncio.sleep(0)
    await world.publish("set a 1")
    await crashing
    world.start("one", Waker(world.clock))
    assert await world.until_out(1) == Counter("a")
    await world.until_later(2 * SOON_S)
    assert Counter(await world.outputs()) == Counter("a")


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_lost_answer_while_a_timer_goes_off(make_world: MakeWorld, moment: Moment) -> None:
    """A batch of timers alone has no offset, and it must be known all the same whether it was committed."""
    world = await make_world(partitions=1, timers=True)
    waker = Waker(world.clock)
    lost = LogUnavailable("the answer was lost")
    fault = failing(moment, "producer.commit", lost, when=lambda: "a" in waker.rang)
    world.start("one", waker, hook=fault)
    await world.publish("set first 0", "set a 1.5")
    await fault.until_met()
    assert await world.until_out(2) == Counter(("first", "a"))
    await world.until_later(2 * SOON_S)
    assert Counter(await world.outputs()) == Counter(("first", "a"))
    assert waker.rang == Counter(("first", "a"))


async def test_the_place_of_timers_counts_those_that_went_off(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    one = world.start("one", Waker(world.clock))
    await world.publish("set a 0", "set b 0")
    await world.until_out(2)
    await one.stop()
    timers = Partition(world.names.changelogs[TIMERS], 0)

    async def counted() -> bool:
        return (await world.outside.committed(world.names.group, [timers]))[timers].offset == 2

    await eventually_async(counted)
    world.start("one", Waker(world.clock))
    await world.publish("set c 0")
    assert await world.until_out(3) == Counter("abc")


async def test_work_in_order_waits_for_no_timer(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, timers=True)
    waker = Waker(world.clock)
    one = world.start("one", waker)
    await world.publish(f"set a {FAR_S}", *(f"set x{number} 0" for number in range(20)))
    await world.until_out(20)
    assert waker.rang["a"] == 0
    await eventually(lambda: one.engine.tasks[0].entries == {TIMERS: 1})


@pytest.mark.parametrize("order", ["in_order", "concurrent"])
@pytest.mark.parametrize(("bulk", "bound"), [((SOURCE,), 3), ((), 6)], ids=["bulk", "interactive"])
async def test_records_wait_while_too_many_timers_are_set(
    make_world: MakeWorld, order: Order, bulk: tuple[str, ...], bound: int
) -> None:
    world = await make_world(partitions=1, timers=True, waiting=3, bulk=bulk)
    waker = Waker(world.clock)
    one = world.start("one", waker, order=order, concurrency=1)
    await world.publish(*(f"set {name} {FAR_S if place < bound else 0}" for place, name in enumerate("abcdefgh")))
    await eventually(lambda: 0 in one.tasks and one.engine.tasks[0].entries == {TIMERS: bound})
    await world.until_later(SOON_S)
    assert (one.engine.tasks[0].entries, waker.rang) == ({TIMERS: bound}, Counter()), "the next ones would ring at once"
    await one.stop()
    world.clock = FastClock(world.clock, AHEAD)
    world.start("one", Waker(world.clock), order=order, concurrency=1)
    assert await world.until_out(8) == Counter("abcdefgh")


async def test_a_timer_whose_output_is_too_large_is_a_dead_letter(make_world: MakeWorld) -> None:
    class Shouter(Waker):
        def _ring(self, delivery: Delivery, timer: Timer) -> Outcome:
            self.rang[timer.id] += 1
            event = JobSubmitted(job_id=timer.id, prompt=Inline(inline="x" * 2_000_000))
            return Outcome((Emit(SINK, event, partition=delivery.record.partition),))

    world = await make_world(partitions=1, timers=True)
    shouter = Shouter(world.clock)
    one = world.start("one", shouter)
    await world.publish("set a 0")

    await until_buried(world, 1)
    [letter] = await world.dead_letters()
    headers = dict(letter.headers)
    assert (letter.key, letter.value) == (b"a", b"1")
    assert headers["headchef-reason"] == b"output_too_large"
    assert headers["kafka_original-topic"] == world.names.changelogs[TIMERS].encode()
    await one.stop()
    world.start("one", shouter)
    await world.publish(f"set b {SOON_S}")
    await until_buried(world, 2)
    assert shouter.rang == Counter("ab")
