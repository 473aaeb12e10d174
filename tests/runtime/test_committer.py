"""What a committer does when the log refuses some records again and again."""

from collections.abc import Sequence

import pytest

from headchef.runtime.committer import Committer, StateOvertaken
from headchef.runtime.dead_letter_limit import DeadLetterPolicy
from headchef.runtime.errors import SendFailed
from headchef.runtime.halting import DeadLetterGuard
from headchef.runtime.log.port import Commit, NewRecord, Partition, Record
from headchef.runtime.outcomes import Finished
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import Places, RecordsRefused, TakenOver
from tests.support.manual_clock import ManualClock

SOURCE = Partition("in", 0)


class PickyWriter:
    """Refuses, try by try, the records with the values that it was told."""

    def __init__(self, *refused: set[bytes]) -> None:
        self._refused = list(refused)
        self.written: list[tuple[list[bytes | None], Commit]] = []

    async def start(self) -> TakenOver:
        return TakenOver({}, frozenset())

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        refused = self._refused.pop(0) if self._refused else set()
        reasons = {at: SendFailed("too large") for at, record in enumerate(records) if record.value in refused}
        if reasons:
            raise RecordsRefused(reasons)
        self.written.append(([record.value for record in records], places[SOURCE]))

    def abandon(self) -> None: ...

    async def close(self) -> None: ...


def finished(offset: int, value: bytes, *, stateful: bool = False) -> Finished:
    source = Record("in", 0, offset, 0, None, value, ())
    return Finished(source, [NewRecord("out", value)], stateful=stateful)


def committing(writer: PickyWriter, *batch: Finished) -> Committer:
    watermark = Watermark(0)
    for each in batch:
        watermark.receive(each.source.offset)
    committer = Committer(
        writer=writer,
        watermarks={SOURCE: watermark},
        dead_letter=lambda buried, _: NewRecord("dlq", b"dead " + (buried.source.value or b"")),
        guard=DeadLetterGuard(DeadLetterPolicy(0, 0, 10), processor="p", topics=()),
        clock=ManualClock(),
        interval_s=0.001,
        gather_s=0,
        max_records=100,
        max_bytes=1_000_000,
        written=lambda: None,
    )
    for each in batch:
        committer.add(each)
    committer.close()
    return committer


async def test_what_was_decided_on_a_state_that_never_came_is_decided_again() -> None:
    writer = PickyWriter({b"b"}, {b"b"})
    with pytest.raises(StateOvertaken):
        await committing(writer, finished(0, b"a"), finished(1, b"b", stateful=True), finished(2, b"c")).run()
    assert writer.written == [([b"a", b"dead b"], Commit(2))], "c is neither written nor passed"


async def test_a_later_refusal_does_not_hide_that_a_state_never_came() -> None:
    writer = PickyWriter({b"b"}, {b"b"}, {b"a"})
    with pytest.raises(StateOvertaken):
        await committing(writer, finished(0, b"a"), finished(1, b"b", stateful=True), finished(2, b"c")).run()
    assert writer.written == [([b"a", b"dead b"], Commit(2))]
