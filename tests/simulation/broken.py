"""Ways to break a promise, each in a few lines of code that both logs share."""

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause

from headchef.cache import exact, handler, settling
from headchef.cache.policy import CachePolicy, express, worth_keeping
from headchef.cache.store import Sought, StoredAnswer
from headchef.executor import handler as executor
from headchef.executor.handler import ExecutorHandler
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.pool import Pool
from headchef.executor.policy import Refusals, RetryPolicy, RetryState, Standing, decide
from headchef.executor.provider import Faulted
from headchef.router import asking
from headchef.router.hashes import fingerprint
from headchef.runtime import handover
from headchef.runtime.assignment import Report, shares
from headchef.runtime.at_least_once import AtLeastOnceWriter
from headchef.runtime.committer import Committer
from headchef.runtime.counts import Counts
from headchef.runtime.errors import InvalidEvent, LogUnavailable, SendFailed
from headchef.runtime.exactly_once import ExactlyOnceWriter
from headchef.runtime.freeze import FreezeGuard
from headchef.runtime.handover import HandOver
from headchef.runtime.ledger import Ledger, Told
from headchef.runtime.log.port import Commit, NewRecord, Partition, Record, Share
from headchef.runtime.outcomes import Finished
from headchef.runtime.processor import Emit
from headchef.runtime.recovery import Recovery
from headchef.runtime.timers import Alarm, read_timer
from headchef.runtime.watermark import Watermark
from headchef.runtime.workbench import Workbench
from headchef.runtime.writers import Places, Writer
from tests.simulation.history import ALL_DISPATCHED

Mutate = Callable[[pytest.MonkeyPatch], None]


def offsets_before_outputs(writer: type[ExactlyOnceWriter] | type[AtLeastOnceWriter]) -> Mutate:
    write: Callable[..., Awaitable[None]] = writer.write

    async def wrong(self: Writer, records: Sequence[NewRecord], places: Places) -> None:
        await write(self, [], places)
        await write(self, records, places)

    return lambda patch: patch.setattr(writer, "write", wrong)


def state_before_outputs(patch: pytest.MonkeyPatch) -> None:
    parts = AtLeastOnceWriter._outputs_and_state

    def wrong(self: AtLeastOnceWriter, records: Sequence[NewRecord]) -> list[dict[int, NewRecord]]:
        return parts(self, records)[::-1]

    patch.setattr(AtLeastOnceWriter, "_outputs_and_state", wrong)


def state_with_outputs(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: AtLeastOnceWriter, records: Sequence[NewRecord]) -> list[dict[int, NewRecord]]:
        return [dict(enumerate(records))] if records else []

    patch.setattr(AtLeastOnceWriter, "_outputs_and_state", wrong)


def no_fencing(patch: pytest.MonkeyPatch) -> None:
    owners, right = itertools.count(), ExactlyOnceWriter._taken_over

    async def wrong(self: ExactlyOnceWriter) -> Any:
        self._transactional_id += f".{next(owners)}"
        return await right(self)

    patch.setattr(ExactlyOnceWriter, "_taken_over", wrong)


def finished_map_ignored(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Recovery, partition: Partition, commit: Commit) -> Watermark:
        return Watermark(commit.offset)

    patch.setattr(Recovery, "_watermark", wrong)


def failed_send_ignored(patch: pytest.MonkeyPatch) -> None:
    def wrong(_: Committer, batch: list[Finished], reasons: Mapping[int, SendFailed]) -> tuple[list[Finished], bool]:
        numbers = itertools.count()
        return [
            replace(finished, records=[record for record in finished.records if next(numbers) not in reasons])
            for finished in batch
        ], False

    patch.setattr(Committer, "_replaced", wrong)


def lost_dead_letter(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Workbench, topic: str, record: Record, error: InvalidEvent, dead_reason: str | None = None) -> None:
        self._committer.add(Finished(record, []))

    patch.setattr(Workbench, "_bury", wrong)


def place_off_by_one(patch: pytest.MonkeyPatch) -> None:
    places = Committer._places

    def wrong(self: Committer, batch: list[Finished]) -> dict[Partition, Commit]:
        right = places(self, batch)
        return {each: commit if commit.metadata else Commit(commit.offset + 1) for each, commit in right.items()}

    patch.setattr(Committer, "_places", wrong)


def unknown_commit_taken_for_done(patch: pytest.MonkeyPatch) -> None:
    write = ExactlyOnceWriter.write

    async def wrong(self: ExactlyOnceWriter, records: Sequence[NewRecord], places: Places) -> None:
        try:
            await write(self, records, places)
        except LogUnavailable:
            return

    patch.setattr(ExactlyOnceWriter, "write", wrong)


def unknown_commit_taken_for_void(patch: pytest.MonkeyPatch) -> None:
    async def wrong(self: ExactlyOnceWriter) -> bool:
        self._committed, self._stale = (await self._taken_over()).standing, False
        return False

    patch.setattr(ExactlyOnceWriter, "_renew", wrong)


def given_out_before_drained(patch: pytest.MonkeyPatch) -> None:
    def wrong(reports: Mapping[str, bytes], partitions: int) -> Mapping[str, Share]:
        read = {member: Report.decode(report) for member, report in reports.items()}
        return shares({member: replace(report, tasks=()).encode() for member, report in read.items()}, partitions)

    patch.setattr(handover, "shares", wrong)


def calls_right_after_a_freeze(patch: pytest.MonkeyPatch) -> None:
    async def wrong(_: FreezeGuard) -> None:
        return None

    patch.setattr(FreezeGuard, "wait", wrong)


def answers_cross_tenants(patch: pytest.MonkeyPatch) -> None:
    def asked(**about: Any) -> str:
        return fingerprint(**{**about, "tenant": "all"})

    def kept(settled: CacheSettled, cause: Cause, how: CachePolicy) -> StoredAnswer | None:
        answer = worth_keeping(settled, cause, how)
        return None if answer is None else replace(answer, tenant="all")

    def sought(_: str, wanted: str) -> Sought:
        return Sought("all", wanted)

    patch.setattr(asking, "fingerprint", asked)
    patch.setattr(settling, "worth_keeping", kept)
    patch.setattr(exact, "Sought", sought)


def lost_rejoin(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HandOver, "ended", lambda *_: None)


def timer_lost_at_a_crash(patch: pytest.MonkeyPatch) -> None:
    make = Alarm.__init__

    def wrong(self: Alarm, *place: Any, **about: Any) -> None:
        make(self, *place, **about)
        self._waiting.clear()

    patch.setattr(Alarm, "__init__", wrong)


def timer_waits_by_the_wall_clock(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Alarm, key: bytes, value: bytes) -> tuple[float, datetime, bytes]:
        timer, _, _ = read_timer(key, value)
        return self._clock.monotonic() + (timer.due - self._clock.now()).total_seconds(), timer.due, key

    patch.setattr(Alarm, "_due", wrong)


def newest_signature_believed(patch: pytest.MonkeyPatch) -> None:
    write, take_over = ExactlyOnceWriter.write, ExactlyOnceWriter._taken_over

    async def believing(self: ExactlyOnceWriter) -> Any:
        found = await take_over(self)
        places = dict(await self._log.committed(self._group, [*self._partitions, self._ledger.partition]))
        if places.pop(self._ledger.partition, None) != found.standing.signature:
            return found
        return replace(found, standing=replace(found.standing, places=places))

    async def wrong(self: ExactlyOnceWriter, records: Sequence[NewRecord], places: Places) -> None:
        producer, stood = self._producer, self._committed.places
        send = type(producer).send_offsets

        async def moved_only(group: str, offsets: Places) -> None:
            await send(producer, group, {each: place for each, place in offsets.items() if stood.get(each) != place})

        patch.setattr(producer, "send_offsets", moved_only)
        await write(self, records, places)

    patch.setattr(ExactlyOnceWriter, "write", wrong)
    patch.setattr(ExactlyOnceWriter, "_taken_over", believing)


def ledger_ignored(patch: pytest.MonkeyPatch) -> None:
    async def wrong(_: Ledger) -> Told:
        return Told(None, frozenset())

    patch.setattr(Ledger, "read", wrong)


def coordinator_believed(patch: pytest.MonkeyPatch) -> None:
    read = Ledger.read

    async def wrong(self: Ledger) -> Told:
        return Told(None, (await read(self)).begun)

    patch.setattr(Ledger, "read", wrong)


def new_partitions_from_their_end(patch: pytest.MonkeyPatch) -> None:
    async def wrong(self: Recovery, partitions: Sequence[Partition]) -> dict[Partition, int]:
        reader = await self._log.reader(f"{self._name}.start")
        try:
            return {partition: end for partition, (_, end) in (await reader.bounds(partitions)).items()}
        finally:
            await reader.close()

    patch.setattr(Recovery, "_earliest", wrong)


def growth_left_to_the_leader(patch: pytest.MonkeyPatch) -> None:
    async def wrong(_: Counts, shared: Callable[[], int], grown: Callable[[], None]) -> None:
        return None

    patch.setattr(Counts, "watch", wrong)


def kept_through_an_absence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HandOver, "was_absent", lambda _: None)


def one_id_for_all_calls_of_a_delivery(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ExecutorHandler, "_recorded", lambda _, attempt: Emit("attempts.recorded", attempt))


def each_process_takes_all_of_the_quota(patch: pytest.MonkeyPatch) -> None:
    own = Pool.own
    patch.setattr(Pool, "own", lambda self, tasks, of, now_s: own(self, of if tasks else 0, of, now_s))


def halted_lanes_called(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Halts, "wait_s", lambda *_: 0.0)
    patch.setattr(Halts, "held_s", lambda *_: 0.0)


def refused_steps_given_up(patch: pytest.MonkeyPatch) -> None:
    def wrong(limits: RetryPolicy, state: RetryState, refusals: Refusals, fault: Faulted, about: Standing) -> Any:
        return decide(limits, state, refusals, replace(fault, halts=None), about)

    patch.setattr(executor, "decide", wrong)


def all_on_one_lane(patch: pytest.MonkeyPatch) -> None:
    def wrong(*about: Any, **more: Any) -> Emit:
        emit = express(*about, **more)
        return replace(emit, topic=ALL_DISPATCHED[0]) if emit.topic in ALL_DISPATCHED else emit

    patch.setattr(handler, "express", wrong)
