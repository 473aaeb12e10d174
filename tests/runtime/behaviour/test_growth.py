"""A topic grows while two processes count its partitions differently: a record is not sent to and fro between them."""

from collections import Counter
from collections.abc import Mapping

import pytest

from headchef.runtime import counts
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.kafka import connection
from headchef.runtime.processor import Delivery, Forward, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.crew import Crew
from tests.runtime.behaviour.echo import SINK, Echo
from tests.runtime.behaviour.faults import failing
from tests.runtime.behaviour.world import SOURCE
from tests.support.hooked_log import no_hook

RECORDS, LOOKS = 20, 1_000
MOVES = 3
"""To the partition that an old count names, back by the new one, and to where it stays."""


class Homing(Echo):
    """Forwards records to their home, which depends on how many partitions there are.

    Attributes:
        homes: by count.
    """

    homes: Mapping[int, int]

    def outcome(self, delivery: Delivery, state: State, value: str) -> Outcome:
        home = self.homes[delivery.partitions]
        if delivery.record.partition != home:
            return Outcome((Forward(home, ()),))
        return super().outcome(delivery, state, value)


async def test_processes_that_count_differently_do_not_send_a_record_to_and_fro(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_METADATA_MAX_AGE_MS", 500)
    monkeypatch.setattr(counts, "_LOOK_S", 600.0)
    world = await make_world(partitions=2)
    handler = Homing()
    crew = Crew(world)
    stale, fresh = world.start("one", handler), world.start("two", handler)
    await crew.until_even(1, 1)
    # The process that does not lead learns of the growth in the round that follows; there it finds the log away.
    missed = failing("before", "log.partition_counts", LogUnavailable("away"), times=LOOKS)
    stale.log.hook = missed
    world.partitions = 3
    for topic in (world.topic(SINK), world.names.births, world.topic(SOURCE)):
        await world.backend.grow_topic(topic, 3)
    await crew.until_even(1, 2)
    await missed.until_met()
    stale.log.hook = no_hook
    # Whoever has a record takes it for the other's: as long as they count differently they do not agree.
    handler.homes = {2: min(fresh.tasks), 3: min(stale.tasks)}
    values = [str(number) for number in range(RECORDS)]
    await world.publish(*values, partition=min(fresh.tasks))
    # A record that is sent on is in its new place only after the group is past the old one.
    await world.until_out(RECORDS)
    assert await world.until_done() == Counter(values)
    assert max(handler.calls.values()) <= MOVES + 2
    await crew.stop_watching()
