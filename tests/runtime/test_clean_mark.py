"""The clean mark waits while the log is away, and says nothing where nothing is to be said."""

import asyncio
from collections.abc import Sequence

import pytest

from headchef.runtime.clean_mark import CleanMark
from headchef.runtime.errors import LogUnavailable, ProducerFenced
from headchef.runtime.finished import decode, is_clean
from headchef.runtime.log.port import Commit, NewRecord, Partition
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import Places, TakenOver
from tests.support.manual_clock import ManualClock

FIRST, SECOND = Partition("first", 3), Partition("second", 3)


class Faulty:
    """A writer that raises what it was told before it writes."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.tries = 0
        self.written: list[Places] = []

    async def start(self) -> TakenOver:
        return TakenOver({}, frozenset())

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        assert not records
        self.tries += 1
        if self._errors:
            raise self._errors.pop(0)
        self.written.append(places)

    def abandon(self) -> None: ...

    async def close(self) -> None: ...


def mark(writer: Faulty, clock: ManualClock, *, found: bool = True) -> CleanMark:
    """Give the mark of a task whose second input has finished out of order."""
    return CleanMark(writer, {FIRST: Watermark(7), SECOND: Watermark(4, 0b110)}, clock, found=found)


def said(places: Places) -> dict[Partition, tuple[int, int, bool]]:
    return {each: (at.offset, decode(*at), is_clean(*at)) for each, at in places.items()}


async def test_it_is_in_all_places_and_moves_none() -> None:
    writer = Faulty()
    both = mark(writer, ManualClock())
    await both.withdraw()
    await both.leave()
    withdrawn, left = writer.written
    assert said(withdrawn) == {FIRST: (7, 0, False), SECOND: (4, 0b110, False)}
    assert withdrawn[FIRST] == Commit(7)
    assert said(left) == {FIRST: (7, 0, True), SECOND: (4, 0b110, True)}


async def test_where_there_is_none_nothing_is_withdrawn() -> None:
    writer = Faulty()
    await mark(writer, ManualClock(), found=False).withdraw()
    assert writer.tries == 0


async def test_it_waits_while_the_log_is_away() -> None:
    writer, clock = Faulty(LogUnavailable("away"), LogUnavailable("away")), ManualClock()
    withdrawing = asyncio.ensure_future(mark(writer, clock).withdraw())
    for tries in (1, 2):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (writer.tries, withdrawing.done()) == (tries, False)
        clock.advance(10)
    await withdrawing
    assert len(writer.written) == 1


async def test_who_has_lost_the_task_leaves_none() -> None:
    with pytest.raises(ProducerFenced):
        await mark(Faulty(ProducerFenced("another owner")), ManualClock()).leave()
