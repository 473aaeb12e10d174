"""What a transaction's commit says and leaves open: all places, and an end that nobody has confirmed."""

import pytest

from headchef.runtime.errors import LogUnavailable
from headchef.runtime.exactly_once import ExactlyOnceWriter
from headchef.runtime.ledger import Ledger
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Commit, NewRecord, Partition
from tests.support.eventually import eventually, eventually_async
from tests.support.memory_backend import MemoryBackend
from tests.support.scripted_faults import Moment, ScriptedFaults

INPUT, OTHER, LEDGER = Partition("in", 0), Partition("other", 0), Partition("births", 0)


async def lose() -> None:
    raise LogUnavailable("lost on the way")


async def backend_with_topics() -> MemoryBackend:
    """Make a log with all topics."""
    backend = MemoryBackend()
    for topic in (INPUT.topic, OTHER.topic, LEDGER.topic, "out"):
        await backend.make_topic(name=topic)
    return backend


def writer_on(log: MemoryLog) -> ExactlyOnceWriter:
    """Make a task's writer."""
    return ExactlyOnceWriter(
        log,
        transactional_id="task",
        group="group",
        partitions=[INPUT, OTHER],
        ledger=Ledger(log, "task", LEDGER),
    )


async def test_a_batch_says_of_all_inputs_where_they_stand() -> None:
    backend = await backend_with_topics()
    log = MemoryLog(backend.cluster, "process")
    writer = writer_on(log)
    await writer.start()
    await writer.write([], {INPUT: Commit(3)})
    await eventually_async(lambda: log.committed("group", [INPUT]))
    backend.cluster.delete_group_offsets("group")
    await writer.write([], {OTHER: Commit(5)})
    await eventually_async(lambda: log.committed("group", [OTHER]))
    places = await log.committed("group", [INPUT, OTHER])
    assert places == {INPUT: Commit(3), OTHER: Commit(5)}, "whoever asks the group is told all that the ledger says"
    await writer.close()
    await backend.close()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_places_that_have_moved_past_a_marker_since_are_no_other_owner(moment: Moment) -> None:
    backend, faults = await backend_with_topics(), ScriptedFaults()
    log = MemoryLog(backend.cluster, "process", faults=faults)
    writer = writer_on(log)
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
