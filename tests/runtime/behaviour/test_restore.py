"""State after a restore is what was committed, however the process before ended and however long it takes."""

import random
from collections.abc import Sequence

import pytest

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.processor import Change, Delivery, Emit, Outcome, State, Store
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK
from tests.runtime.behaviour.faults import Hold
from tests.runtime.behaviour.tally import STORE, TALLY, Tally, assert_exact
from tests.runtime.behaviour.world import SESSION_S, World
from tests.support.eventually import eventually, eventually_async

FIRST, SECOND = [f"a{number}" for number in range(8)], [f"b{number}" for number in range(8)]
NOTES = "notes"


class Notebook:
    """Does what records say: `set <key> <value>`, `delete <key>`, or `tell <key>`, which emits the value."""

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        order, key, *rest = (delivery.record.value or b"").split()
        if order == b"set":
            return Outcome((), (Change(NOTES, key, rest[0]),))
        if order == b"delete":
            return Outcome((), (Change(NOTES, key, None),))
        told = (state.get(NOTES, key) or b"nothing").decode()
        return Outcome((Emit(SINK, JobSubmitted(job_id=key.decode(), prompt=Inline(inline=told)), partition=0),))


async def told(world: World) -> dict[str, str]:
    """Give what the notebook has told, by key."""
    found = {}
    for record in await world.sink():
        event = JobSubmitted.model_validate_json(record.value or b"")
        assert isinstance(event.prompt, Inline)
        found[event.job_id] = event.prompt.inline
    return found


async def test_a_restore_that_takes_longer_than_the_session_keeps_the_membership(make_world: MakeWorld) -> None:
    session_s = 4 * SESSION_S
    world = await make_world(partitions=1, stores=[STORE], session_s=session_s)
    await world.publish(*FIRST)
    before = world.start("one", Tally())
    await world.until_done()
    await before.kill()
    hold = Hold("before", "reader.poll")
    one = world.start("one", Tally(), hook=hold)
    await hold.until_met()
    two = world.start("two", Tally())
    await eventually(lambda: two.log.joins_ended > 0 and one.log.joins_ended > 1)
    joins, task = one.log.joins_ended, one.engine.tasks[0]
    assert one.engine.ready() == "tasks [0] are recovering"
    await world.until_later(1.5 * session_s)
    assert (one.log.joins_ended, two.tasks) == (joins, set())
    assert one.engine.tasks[0] is task
    await world.publish(*SECOND)
    hold.released.set()
    await world.until_done()
    await assert_exact(world, FIRST + SECOND)
    assert one.engine.tasks[0] is task


@pytest.mark.parametrize("order", [("kill", "kill"), ("stop", "kill"), ("kill", "stop")])
async def test_state_is_what_was_written(make_world: MakeWorld, order: Sequence[str]) -> None:
    world = await make_world(partitions=1, stores=[Store(NOTES)])
    orders = [["set a 1", "set b 1", "set c 1"], ["set a 2", "delete b", "set d 1", "delete d", "set d 2"]]
    for end, batch in zip(order, orders, strict=True):
        await world.publish(*batch)
        one = world.start("one", Notebook())
        await world.until_done()
        await (one.kill() if end == "kill" else one.stop())
    one = world.start("one", Notebook())
    await world.publish(*(f"tell {key}" for key in "abcde"))
    await world.until_done()
    assert await told(world) == {"a": "2", "b": "nothing", "c": "1", "d": "2", "e": "nothing"}
    assert one.engine.tasks[0].entries == {NOTES: 3}


async def test_a_restore_does_not_stop_at_aborted_changes(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish(*FIRST)
    hold = Hold("before", "producer.commit", skip=2)
    one = world.start("one", Tally(), hook=hold, commit_max_records=4)
    await hold.until_met()
    await one.kill()
    changelog = world.names.changelogs[TALLY]
    kept, all_of_it = await world.backend.read_committed(changelog), await world.backend.read_all(changelog)
    assert len(all_of_it) > len(kept), "changes lie there that were never committed"
    world.start("one", Tally())
    await world.until_done()
    await assert_exact(world, FIRST)


@pytest.mark.parametrize(("window_s", "counts"), [(600.0, 9), (1.0, 1)])
async def test_a_window_forgets_what_is_older(make_world: MakeWorld, window_s: float, counts: int) -> None:
    world = await make_world(partitions=1, stores=[Store(TALLY, window_s=window_s)])
    await world.publish(*FIRST)
    one = world.start("one", Tally())
    await world.until_done()
    await one.kill()
    await world.until_later(1.2)
    again = world.start("one", Tally())
    await eventually(lambda: again.tasks == {0} and again.engine.ready() is None)
    assert again.engine.tasks[0].entries == {TALLY: 1 if counts > 1 else 0}
    await world.publish("later")
    await world.until_done()
    assert (await told(world))["later"] == str(counts)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_counters_kept_as_state_are_exact_whenever_it_is_killed(make_world: MakeWorld, seed: int) -> None:
    chance = random.Random(seed)
    world = await make_world(partitions=2, stores=[STORE], session_s=SESSION_S)
    values: list[str] = []
    for life in range(4):
        values += (more := [f"{life}-{number}" for number in range(40)])
        await world.publish(*more)
        wanted = len(await world.outputs()) + chance.randrange(1, 40)
        one = world.start(chance.choice(["one", "two"]), Tally(), commit_max_records=chance.choice([2, 4, 8]))

        async def enough(wanted: int = wanted) -> bool:
            return len(await world.outputs()) >= wanted

        await eventually_async(enough)
        await one.kill()
    world.start("one", Tally())
    world.start("two", Tally())
    await world.until_done()
    await assert_exact(world, values)
