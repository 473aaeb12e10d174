"""When a committer writes: at once if the log is quick, seldom if it is slow, and late if nobody waits for it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from headchef.runtime.committer import Committer
from headchef.runtime.dead_letter_limit import DeadLetterPolicy
from headchef.runtime.halting import DeadLetterGuard
from headchef.runtime.log.port import NewRecord, Partition, Record
from headchef.runtime.outcomes import Finished
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import Places, TakenOver
from tests.support.virtual_time import LoopClock, VirtualTimeLoop

SOURCE = Partition("in", 0)


class SlowWriter:
    """Takes its time for each batch, and notes when it began and up to which offset it wrote."""

    def __init__(self, took_s: float) -> None:
        self._took_s = took_s
        self.began: list[tuple[float, int]] = []

    async def start(self) -> TakenOver:
        return TakenOver({}, frozenset())

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        self.began.append((round(asyncio.get_running_loop().time(), 4), places[SOURCE].offset))
        await asyncio.sleep(self._took_s)

    def abandon(self) -> None: ...

    async def close(self) -> None: ...


class Desk:
    """A committer at work, and what is handed to it."""

    def __init__(self, writer: SlowWriter) -> None:
        self._watermark = Watermark(0)
        self._offset = 0
        self.committer = Committer(
            writer=writer,
            watermarks={SOURCE: self._watermark},
            dead_letter=lambda buried, _: NewRecord("dlq", buried.source.value),
            guard=DeadLetterGuard(DeadLetterPolicy(0, 0, 10), processor="p", topics=()),
            clock=LoopClock(),
            interval_s=0.002,
            gather_s=0.1,
            max_records=100,
            max_bytes=1_000_000,
            written=lambda: None,
        )

    def finish(self, *values: bytes) -> None:
        """Hand over the next record with these outputs."""
        self._watermark.receive(self._offset)
        source = Record("in", 0, self._offset, 0, None, b"", ())
        self._offset += 1
        self.committer.add(Finished(source, [NewRecord("out", value) for value in values]))

    async def work(self, *orders: tuple[float, Callable[[], None]]) -> None:
        """Do each order so many seconds after the last, then close."""
        run = asyncio.ensure_future(self.committer.run())
        for after_s, order in orders:
            await asyncio.sleep(after_s)
            order()
        self.committer.close()
        await run


def on_virtual_time(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work)


@pytest.mark.parametrize(("took_s", "pause_s"), [(0.0001, 0.002), (0.01, 0.03), (1.0, 0.1)])
def test_a_pause_is_as_long_as_the_log_is_slow(took_s: float, pause_s: float) -> None:
    writer = SlowWriter(took_s)
    desk = Desk(writer)

    def both() -> None:
        desk.finish(b"b")
        desk.finish(b"c")

    on_virtual_time(desk.work((0, lambda: desk.finish(b"a")), (took_s / 2, both)))
    assert writer.began == [(0, 1), (round(took_s + pause_s, 4), 3)]


def test_a_place_alone_waits_for_the_next_output() -> None:
    writer = SlowWriter(0.001)
    desk = Desk(writer)
    on_virtual_time(desk.work((0, desk.finish), (0.03, desk.finish), (0.03, lambda: desk.finish(b"a"))))
    assert writer.began == [(0.06, 3)]


def test_a_place_alone_does_not_wait_for_ever() -> None:
    writer = SlowWriter(0.001)
    desk = Desk(writer)
    on_virtual_time(desk.work((0, desk.finish), (0.5, desk.finish)))
    assert writer.began == [(0.1, 1), (0.5, 2)], "the last is written at once, since the committer was closed"


def test_many_places_alone_do_not_pile_up() -> None:
    writer = SlowWriter(0.001)
    desk = Desk(writer)

    def many() -> None:
        for _ in range(150):
            desk.finish()

    on_virtual_time(desk.work((0, many), (1, lambda: None)))
    assert writer.began[0] == (0, 150)
