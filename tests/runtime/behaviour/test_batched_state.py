"""A handler of batches may keep state and set timers, also where a fault has its batch handled one by one."""

from collections.abc import Sequence

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.clock import Clock
from headchef.runtime.errors import TransientError
from headchef.runtime.processor import BatchHandler, Change, Delivery, Emit, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK
from tests.runtime.behaviour.tally import KEY, STORE, TALLY, assert_exact
from tests.runtime.behaviour.test_timers import SOON_S, Waker
from tests.runtime.behaviour.world import SOURCE


class BatchTally(BatchHandler):
    """Counts the records of its task, each seeing those before it in its batch.

    Args:
        faults: batches of several records that it fails to handle.
    """

    def __init__(self, faults: int = 0) -> None:
        self.one_by_one = 0
        self._faults = faults

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        if len(deliveries) > 1 and self._faults:
            self._faults -= 1
            raise TransientError("not all at once")
        self.one_by_one += len(deliveries) == 1
        outcomes, before = [], int(state.get(TALLY, KEY) or b"0")
        for count, delivery in enumerate(deliveries, start=before + 1):
            event = JobSubmitted(job_id=(delivery.record.value or b"").decode(), prompt=Inline(inline=str(count)))
            emit = Emit(SINK, event, partition=delivery.record.partition)
            outcomes.append(Outcome((emit,), (Change(TALLY, KEY, str(count).encode()),)))
        return outcomes


class BatchWaker(BatchHandler):
    """A waker for batches."""

    def __init__(self, clock: Clock) -> None:
        self.waker = Waker(clock)

    async def handle_batch(self, deliveries: Sequence[Delivery], state: State) -> Sequence[Outcome]:
        return [await self.waker.handle(delivery, state) for delivery in deliveries]


async def test_a_batch_that_fails_is_counted_one_by_one(make_world: MakeWorld) -> None:
    world = await make_world(stores=[STORE])
    values = [f"job-{number}" for number in range(40)]
    await world.publish(*values)
    handler = BatchTally(faults=2)
    world.start("one", handler, order="batches")
    await world.until_out(len(values))
    assert handler.one_by_one > 1
    await assert_exact(world, values)


async def test_timers_of_batches_go_off_once_and_not_when_cleared(make_world: MakeWorld) -> None:
    world = await make_world(timers=True)
    handler = BatchWaker(world.clock)
    world.start("one", handler, order="batches")
    # Of one partition, which keeps their order.
    await world.publish(f"set kept {SOON_S}", f"set gone {SOON_S}", "clear gone", partition=0, topic=SOURCE)
    await world.until_out(1)
    await world.until_later(2 * SOON_S)
    assert handler.waker.rang == {"kept": 1}
    assert await world.outputs() == ["kept"]
