"""A transaction whose commit got no answer: the writer finds out what became of it, also when its places moved on."""

import pytest

from headchef.runtime.errors import LogUnavailable
from headchef.runtime.exactly_once import ExactlyOnceWriter
from headchef.runtime.ledger import Ledger
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Commit, NewRecord, Partition
from tests.support.eventually import eventually
from tests.support.memory_backend import MemoryBackend
from tests.support.scripted_faults import Moment, ScriptedFaults

INPUT, LEDGER = Partition("in", 0), Partition("births", 0)


async def lose() -> None:
    raise LogUnavailable("lost on the way")


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_places_that_have_moved_past_a_marker_since_are_no_other_owner(moment: Moment) -> None:
    backend, faults = MemoryBackend(), ScriptedFaults()
    for topic in (INPUT.topic, LEDGER.topic, "out"):
        await backend.make_topic(name=topic)
    log = MemoryLog(backend.cluster, "process", faults=faults)
    writer = ExactlyOnceWriter(
        log,
        transactional_id="task",
        group="group",
        partitions=[INPUT],
        ledger=Ledger(log, "task", LEDGER),
    )
    await writer.start()
    batch = [NewRecord("out", b"answer", b"key", 0)]
    # The commit gets no answer, and the log is still away when the writer asks what became of it.
    faults.once(moment, "commit", lose)
    faults.once("before", "init_producer", lose)
    with pytest.raises(LogUnavailable):
        await writer.write(batch, {INPUT: Commit(11)})
    # By now a record has come from behind a transaction's marker: the same batch leaves the task there.
    await writer.write(batch, {INPUT: Commit(13)})
    records = await eventually(lambda: backend.cluster.read_committed("out"))
    assert [record.value for record in records] == [b"answer"]
    assert (await log.committed("group", [INPUT]))[INPUT].offset == (13 if moment == "before" else 11)
    await writer.close()
    await backend.close()
