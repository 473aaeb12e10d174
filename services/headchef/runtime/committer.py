"""Collects finished work of one task and writes it in batches: at once when the log is idle, seldom when it is busy."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping

from headchef.runtime import finished as finished_map
from headchef.runtime.backoff import Backoff
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken, LogUnavailable, SendFailed
from headchef.runtime.giving_up import unless
from headchef.runtime.halting import DeadLetterGuard
from headchef.runtime.log.port import Commit, NewRecord, Partition
from headchef.runtime.outcomes import Finished
from headchef.runtime.timers import NO_OFFSET
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import RecordsRefused, Writer

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1

_PAUSE_A_COMMIT = 3.0
"""A task pauses this many times as long as its last commit took, so that a busy log gets fewer, larger ones."""


class StateOvertaken(Exception):
    """An outcome that changed state was dead-lettered: what was decided after it must be decided again."""


class Committer:
    """Writes what a task has finished.

    Args:
        writer: how batches are written.
        watermarks: the task's inputs.
        dead_letter: makes the record that replaces an outcome which the log will not take.
        guard: cuts a batch before the dead letter that is one too many.
        clock: for pauses.
        interval_s: shortest pause after a commit.
        gather_s: longest pause after a commit, and how long a place without outputs may wait to be committed.
        max_records: outputs a batch.
        max_bytes: of outputs a batch.
        written: called after each batch.
    """

    def __init__(
        self,
        *,
        writer: Writer,
        watermarks: Mapping[Partition, Watermark],
        dead_letter: Callable[[Finished, SendFailed], NewRecord],
        guard: DeadLetterGuard,
        clock: Clock,
        interval_s: float,
        gather_s: float,
        max_records: int,
        max_bytes: int,
        written: Callable[[], None],
    ) -> None:
        self._writer = writer
        self._watermarks = watermarks
        self._dead_letter = dead_letter
        self._guard = guard
        self._clock = clock
        self._interval_s = interval_s
        self._gather_s = gather_s
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._written = written
        self._pending: deque[Finished] = deque()
        self._more = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closing = False

    def __len__(self) -> int:
        """Count the finished deliveries that are not written."""
        return len(self._pending)

    def add(self, finished: Finished) -> None:
        """Hand over finished work."""
        self._pending.append(finished)
        self._more.set()
        if finished.records or len(self._pending) >= self._max_records:
            self._urgent.set()

    def close(self) -> None:
        """Say that nothing more comes: `run` returns after the last batch."""
        self._closing = True
        self._more.set()
        self._urgent.set()

    async def run(self) -> None:
        """Write until closed.

        Raises:
            ProducerFenced: the task has another owner.
            ProducerBroken: what is committed must be read anew.
            StateOvertaken: the task must be recovered from the log.
            TooManyDeadLetters: what came before the one too many is written.
        """
        while True:
            if not self._pending:
                if self._closing:
                    return
                self._more.clear()
                self._urgent.clear()
                await self._more.wait()
                continue
            if not self._urgent.is_set():
                # Nobody waits for a place alone; the next outputs take it along.
                await unless(self._urgent, self._clock.sleep(self._gather_s))
            batch, halt = self._guard.cut(self._take())
            began_s = self._clock.monotonic()
            if batch:
                await self._write(batch)
            took_s = self._clock.monotonic() - began_s
            self._written()
            if halt is not None:
                raise halt
            await self._clock.sleep(min(max(self._interval_s, _PAUSE_A_COMMIT * took_s), self._gather_s))

    def _take(self) -> list[Finished]:
        batch: list[Finished] = []
        records = size_bytes = 0
        while self._pending:
            head = self._pending[0]
            if batch and (
                records + len(head.records) > self._max_records or size_bytes + head.size_bytes > self._max_bytes
            ):
                break
            records += len(head.records)
            size_bytes += head.size_bytes
            batch.append(self._pending.popleft())
        return batch

    async def _write(self, batch: list[Finished]) -> None:
        backoff = Backoff(_FIRST_PAUSE_S)
        overtaken = False
        while True:
            records = [record for finished in batch for record in finished.records]
            try:
                await self._writer.write(records, self._places(batch))
            except RecordsRefused as refused:
                batch, stale = self._replaced(batch, refused.reasons)
                overtaken = overtaken or stale
            except LogUnavailable as error:
                pause_s = backoff.pause_s()
                _log.warning("the log is away, trying again in %.1f s: %s", pause_s, error)
                await self._clock.sleep(pause_s)
            else:
                break
        self._guard.written(batch)
        for finished in batch:
            _move(self._watermarks[finished.partition], finished)
            if finished.hop is not None:
                finished.hop.sent()
        if overtaken:
            raise StateOvertaken

    def _places(self, batch: list[Finished]) -> dict[Partition, Commit]:
        """Work out the places after a batch, without moving the watermarks: it may yet fail, or shrink."""
        offsets: dict[Partition, list[int]] = {}
        for finished in batch:
            offsets.setdefault(finished.partition, []).append(finished.source.offset)
        return {partition: self._place(partition, finished) for partition, finished in offsets.items()}

    def _place(self, partition: Partition, offsets: list[int]) -> Commit:
        watermark = self._watermarks[partition]
        if offsets[0] == NO_OFFSET:
            return Commit(watermark.next_commit + len(offsets))
        place, finished = watermark.after(offsets)
        return Commit(place, finished_map.encode(place, finished))

    def _replaced(self, batch: list[Finished], reasons: Mapping[int, SendFailed]) -> tuple[list[Finished], bool]:
        """Dead-letter what was refused for the second time, and all that was decided on a state that never came."""
        kept: list[Finished] = []
        index = 0
        for finished in batch:
            refused = [reasons[at] for at in range(index, index + len(finished.records)) if at in reasons]
            index += len(finished.records)
            if refused:
                finished.refusals += 1
            if not refused or finished.refusals < 2:
                kept.append(finished)
                continue
            if finished.refusals > 2:
                raise InvariantBroken(f"the dead letters do not take a record either: {refused[0]}")
            _log.error("dead letter: the log does not take an output of %s: %s", finished.partition, refused[0])
            letter = Finished(finished.source, [self._dead_letter(finished, refused[0])], finished.hop, refusals=2)
            kept.append(letter)
            if finished.stateful:
                return kept, True
        return kept, False


def _move(watermark: Watermark, finished: Finished) -> None:
    """Note that a delivery is finished. The place of a task's timers counts those that have gone off.

    So every batch moves a place, and one whose commit got no answer can be told from one that was not committed.
    """
    offset = finished.source.offset
    if offset == NO_OFFSET:
        offset = watermark.next_commit
        watermark.receive(offset)
    watermark.finish(offset)
