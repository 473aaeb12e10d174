"""A send that fails inside a transaction: what is good comes out once, and no call is made again for it."""

from collections import Counter

import pytest

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.errors import LogUnavailable
from headchef.runtime.processor import Delivery, Emit, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.faults import failing
from tests.runtime.behaviour.tally import KEY, STORE, TALLY, Tally, assert_exact
from tests.runtime.behaviour.world import SOURCE, Order, World
from tests.support.hooked_log import Moment

SINK_MAX_BYTES = 20_000
BAD = "7"
VALUES = [str(number) for number in range(20)]
GOOD = [value for value in VALUES if value != BAD]
HEADERS = (("trace", b"abc"), ("bytes", b"\x00\xff"))


class SwellingEcho(Echo):
    """An echo with one output that is larger than its topic takes."""

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        outcome = await super().handle(delivery, state)
        return swollen(delivery) if delivery.record.value == BAD.encode() else outcome


class SwellingTally(Tally):
    """A tally with one output that is larger than its topic takes."""

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        outcome = await super().handle(delivery, state)
        if delivery.record.value != BAD.encode():
            return outcome
        return Outcome(swollen(delivery).outputs, outcome.changes)


def swollen(delivery: Delivery) -> Outcome:
    """Emit an event of twice the size that the sink takes."""
    event = JobSubmitted(job_id=BAD, prompt=Inline(inline="x" * 2 * SINK_MAX_BYTES))
    return Outcome((Emit(SINK, event, partition=delivery.record.partition),))


async def assert_bad_one_is_dead(world: World) -> None:
    """Check that the input of the bad output lies in the dead letters as it came, with the reason."""
    letters = await world.dead_letters()
    assert {each.value for each in letters} == {BAD.encode()}
    letter = letters[0]
    assert letter.headers[: len(HEADERS)] == HEADERS
    added = dict(letter.headers)
    assert added["headchef-reason"] == b"output_refused"
    assert added["kafka_original-topic"] == world.topic(SOURCE).encode()
    assert added["kafka_original-offset"] == BAD.encode()


@pytest.mark.parametrize("order", ["in_order", "concurrent"])
async def test_a_record_that_the_log_refuses_costs_the_others_nothing(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=1, sink_max_bytes=SINK_MAX_BYTES)
    await world.publish(*VALUES, headers=HEADERS)
    handler = SwellingEcho()
    one = world.start("one", handler, order=order)
    assert await world.until_done() == Counter(GOOD)
    await assert_bad_one_is_dead(world)
    assert len(await world.dead_letters()) == 1
    assert handler.calls == Counter(VALUES), "not once more for a record that fails to be sent"
    await world.publish("later")
    assert await world.until_done() == Counter([*GOOD, "later"])
    assert not one.ended


async def test_at_least_once_a_record_that_the_log_refuses_goes_to_the_dead_letters(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, sink_max_bytes=SINK_MAX_BYTES)
    await world.publish(*VALUES, headers=HEADERS)
    handler = SwellingEcho()
    world.start("one", handler, processing_guarantee="at_least_once")
    assert set(await world.until_done()) == set(GOOD)
    await assert_bad_one_is_dead(world)
    assert handler.calls == Counter(VALUES)


async def test_state_does_not_count_what_was_refused(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE], sink_max_bytes=SINK_MAX_BYTES)
    await world.publish(*VALUES, headers=HEADERS)
    one = world.start("one", SwellingTally())
    await world.until_done()
    await assert_exact(world, GOOD)
    await assert_bad_one_is_dead(world)
    await world.publish("later")
    await world.until_done()
    await assert_exact(world, [*GOOD, "later"])
    assert one.engine.tasks[0].entries == {TALLY: 1}
    changelog = await world.backend.read_committed(world.names.changelogs[TALLY])
    assert (changelog[-1].key, changelog[-1].value) == (KEY, str(len(GOOD) + 1).encode())


@pytest.mark.parametrize("step", ["producer.begin", "producer.send", "producer.send_offsets", "producer.commit"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_send_that_fails_for_a_while_is_made_again_with_the_same_outputs(
    make_world: MakeWorld, moment: Moment, step: str
) -> None:
    world = await make_world(partitions=1)
    await world.publish(*VALUES)
    fault = failing(moment, step, LogUnavailable("no answer"), skip=1, times=3)
    handler = Echo()
    world.start("one", handler, hook=fault)
    await fault.until_met()
    assert await world.until_done() == Counter(VALUES)
    assert handler.calls == Counter(VALUES)
