"""At least once a batch can be written in part: what the state calls done has its outputs on the log."""

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.processor import Change, Delivery, Emit, Outcome, State, Store
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.faults import crash_at
from tests.runtime.behaviour.instance import Instance
from tests.runtime.behaviour.tally import STORE
from tests.runtime.behaviour.world import World

SINK_MAX_BYTES = 20_000
FIRST = Store("first")


class Once(Echo):
    """Drops each value that it has seen before, as the router does.

    Args:
        padding: characters that each output is longer.
    """

    def __init__(self, padding: int = 0) -> None:
        super().__init__()
        self._padding = "x" * padding

    def outcome(self, delivery: Delivery, state: State, value: str) -> Outcome:
        """Emit a value that is new."""
        if state.get(STORE.name, value.encode()) is not None:
            return Outcome()
        event = JobSubmitted(job_id=value, prompt=Inline(inline=f"once{self._padding}"))
        return Outcome(
            (Emit(SINK, event, partition=delivery.record.partition),), (Change(STORE.name, value.encode(), b"seen"),)
        )


class InTwoStores(Echo):
    """Drops what its second store has, and says of all else whether its first store has it."""

    def outcome(self, delivery: Delivery, state: State, value: str) -> Outcome:
        """Write to both stores, named in the other order."""
        key = value.encode()
        if state.get(STORE.name, key) is not None:
            return Outcome()
        known = "new" if state.get(FIRST.name, key) is None else "known"
        event = JobSubmitted(job_id=f"{known} {value}", prompt=Inline(inline="echo"))
        changes = (Change(STORE.name, key, b"seen"), Change(FIRST.name, key, b"begun"))
        return Outcome((Emit(SINK, event, partition=delivery.record.partition),), changes)


def start(world: World, handler: Echo) -> Instance:
    """Start the process."""
    return world.start("one", handler, processing_guarantee="at_least_once")


async def test_a_crash_after_an_output_was_refused_loses_no_record(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE], sink_max_bytes=SINK_MAX_BYTES)
    await world.publish("a")
    # It connects, is refused the output, and dies when it connects again to send the same once more.
    await crash_at(start(world, Once(2 * SINK_MAX_BYTES)), "before", "producer.start", skip=1)
    assert await world.outputs() == []
    start(world, Once())
    await world.until_done()
    assert await world.outputs() == ["a"], "the state must not call done what has no output"


async def test_a_crash_between_outputs_and_state_repeats_the_outputs(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish("a", "b")
    # The first send is the birth's, the second the outputs'.
    await crash_at(start(world, Once()), "before", "producer.send", skip=2)
    assert await world.outputs() == ["a", "b"]
    start(world, Once())
    await world.until_done()
    assert await world.outputs() == ["a", "b", "a", "b"]


async def test_a_crash_between_state_and_offsets_repeats_nothing(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[STORE])
    await world.publish("a", "b")
    # The first commits set the start and go with the birth.
    await crash_at(start(world, Once()), "before", "membership.commit", skip=2)
    assert await world.outputs() == ["a", "b"]
    start(world, Once())
    await world.until_done()
    assert await world.outputs() == ["a", "b"]


async def test_stores_are_written_in_the_order_in_which_they_are_declared(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, stores=[FIRST, STORE])
    await world.publish("a")
    # The sends are the birth's, the outputs', the first store's, and the second one's.
    await crash_at(start(world, InTwoStores()), "before", "producer.send", skip=3)
    start(world, InTwoStores())
    await world.until_done()
    assert await world.outputs() == ["new a", "known a"]
