"""A job on its way through a workflow, in memory: made from its records, and made again from them whenever in doubt."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from headchef_contracts.events.common import Reference
from headchef_contracts.events.semantic import MAX_MARKED_SOURCES

from headchef.bodies import BodiesAtHand
from headchef.router.leading.budget import Reserved, Spent, settled
from headchef.router.leading.earlier import Earlier
from headchef.router.leading.records import JOBS, Cheaper, JobRecord, UnitRecord, unit_key
from headchef.runtime.processor import Change, State
from headchef.workflow.progress import Ending, Lost, Progress, Review, Unit, Work

_CALLED_OFF: Mapping[str, Literal["cancelled", "failed"]] = {
    "cancelled": "cancelled",
    "deadline_exceeded": "failed",
    "budget_exceeded": "failed",
}
"""What ends a job whatever its steps do about their errors, as nothing more is to be paid for; and how it ends then."""


class Led:
    """One job.

    Args:
        record: as it was taken on.
        progress: of the job, not begun.
        state: of its task, beside which it is remembered.
        at_hand: has what its records refer to, and takes what is too large for them.
        size_bytes: of its own record, and of what that refers to.

    Attributes:
        record: as it was taken on, and is stored now.
        at_hand: as given.
        earlier: what earlier runs of the job have done.
        key: names it in the store.
        progress: how far it has come.
        ended: its units of which something has come, in order.
        spent: what was settled, by step.
        reserved: what is expected of questions under way.
        unreckoned: units under way of which that is not known, as somebody else has begun them.
        began: when the first unit of each step was given out.
        sources: hashes of what was read, by the step that has read it, and the how-manyeth each is.
        size_bytes: of all its records, and of what they refer to.
        asked: since when a person is asked, by the units that wait for that.
    """

    def __init__(
        self, record: JobRecord, progress: Progress, state: State, at_hand: BodiesAtHand, *, size_bytes: int
    ) -> None:
        self.at_hand = at_hand
        self.earlier = Earlier(record, state, at_hand)
        self.record = record
        self.key = record.key
        self.progress = progress
        self.ended: list[Unit] = []
        self.spent: dict[str, Spent] = {}
        self.reserved = Reserved()
        self.unreckoned: frozenset[Unit] = frozenset()
        self.began: dict[str, datetime] = {}
        self.sources: dict[str, dict[str, int]] = {}
        self.size_bytes = size_bytes
        self.asked: dict[Unit, datetime] = {}
        self._records: list[bytes | UnitRecord] = []
        self._read = 0
        self._now = record.at
        self._edition = state.edition
        self._last: tuple[bytes, bytes] | None = None
        self._rewritten: bytes | None = None

    def begin(self) -> list[Work]:
        """Give what is to be done first."""
        return self._begun(self.progress.begin(), self.record.at)

    def latest(self, step: str) -> datetime | None:
        """Give the time after which nothing of a step that has begun begins, if its workflow says one."""
        budget = self.progress.workflow.steps[step].budget
        if budget is None or budget.seconds is None:
            return None
        return self.began[step] + timedelta(seconds=budget.seconds)

    def take(self, record: UnitRecord) -> tuple[bytes, bytes, list[Work]]:
        """Take in what came of a unit that is under way.

        Returns:
            Under which key that is to be stored, and as what; and what is to be done now.
        """
        numbered = record.model_copy(update={"number": len(self.ended)})
        reference = self.at_hand.reference(self._tenant, record.output)
        key, value = unit_key(self.key, record.unit), numbered.written(reference)
        return key, value, self._take(numbered, key, value, 0 if reference is None else reference.bytes)

    def recall(self, state: State) -> None:
        """Go through all that is stored, in the order in which it came; what was to be done then was done then.

        Raises:
            NotAtHand: some of it refers to bodies that have to be read first.
            BodyUnusable: such a body cannot be had.
        """
        found = _Found(self.key, state)
        self.progress.is_known = partial(self._is_known, found)
        self.begin()
        while found.records:
            self.at_hand.need(self._tenant, found.referred)
            found.referred.clear()
            record, key, value = found.next(len(self.ended))
            if self.progress.waits_for(record.unit):
                referred_bytes = 0 if record.output_reference is None else record.output_reference.bytes
                self._take(record.with_output(self._tenant, self.at_hand), key, value, referred_bytes)
        self.progress.is_known = None
        self.unreckoned = frozenset(self.progress.under_way)

    def go_on_cheaper(self, cheaper: Cheaper) -> Change:
        """Decide that from now on the cheapest models are asked, and give what is to be stored."""
        self.record = self.record.model_copy(update={"cheaper": cheaper})
        self._rewritten = self.record.to_be_stored(self.at_hand).written()
        return Change(JOBS, self.key, self._rewritten)

    def agrees(self, state: State) -> bool:
        """Say whether this is what is stored of the job, no more and no less."""
        if self._edition is not state.edition:
            return False
        if self._rewritten is not None and state.get(JOBS, self.key) != self._rewritten:
            return False
        return self._last is None or state.get(JOBS, self._last[0]) == self._last[1]

    def records(self) -> list[UnitRecord]:
        """Give what has come of its units, in order."""
        return [UnitRecord.model_validate_json(each) if isinstance(each, bytes) else each for each in self._records]

    @property
    def _tenant(self) -> str:
        return self.record.head.tenant

    @property
    def over(self) -> bool:
        """Whether the job has ended, and nothing of it is under way that would still cost something."""
        return self.progress.ending is not None and not self.progress.under_way

    @property
    def newest(self) -> datetime:
        """When something came of the job last, or will at the latest, where a person is asked."""
        return max([self._now, *map(self.due_of, self.asked)])

    def due_of(self, unit: Unit) -> datetime:
        """Say until when a person may decide about a unit that waits for that."""
        review, latest = self.progress.under_way[unit], self.record.head.deadline
        if not isinstance(review, Review):
            raise AssertionError(f"nobody is asked about {unit}")
        due = self.asked[unit] + timedelta(seconds=review.within_s)
        due = min([due, *(each for each in (latest, self.latest(unit.step)) if each is not None)])
        # A deadline may lie before all times that a timer can have.
        due = max(due, self.asked[unit])
        # No finer than timers are.
        return due.replace(microsecond=due.microsecond // 1_000 * 1_000)

    def _is_known(self, found: "_Found", unit: Unit) -> bool:
        """Say whether something has come of a unit that was given out when that before it was known to have ended."""
        if not found.looked_up(unit):
            return False
        self.began.setdefault(unit.step, self._now)
        return True

    def _take(self, record: UnitRecord, key: bytes, value: bytes, referred_bytes: int) -> list[Work]:
        unit = record.unit
        self._note_sources(record)
        self.ended.append(unit)
        # What is written lies in the state too, and takes a tenth of the room; but bodies are not to be read once more.
        self._records.append(record if referred_bytes else value)
        self.size_bytes += len(value) + referred_bytes
        self.reserved.release(unit)
        self.asked.pop(unit, None)
        self.spent[unit.step] = self.spent.get(unit.step, Spent()) + settled(record)
        self._last = key, value
        self._now = record.at
        if record.lost is not None and record.lost.reason in _CALLED_OFF and not record.lost.leave_out:
            why = Lost(record.lost.reason, record.lost.message)
            status, findings = _CALLED_OFF[why.reason], record.lost.findings
            self.progress.end(Ending(status, failed=unit, why=why, findings=findings))
        return self._begun(self.progress.ended(unit, record.outcome), record.at)

    def _note_sources(self, record: UnitRecord) -> None:
        """Note the hashes of what a unit has read, so many of a step as a question can be marked with, and one more."""
        read = [] if record.source is None else [record.source.sha256]
        read += [] if record.found is None else [text.sha256 for text in record.found.texts]
        for each in read:
            of_step = self.sources.setdefault(record.step_id, {})
            if len(of_step) <= MAX_MARKED_SOURCES:
                of_step.setdefault(each, self._read)
                self._read += 1

    def _begun(self, works: list[Work], at: datetime) -> list[Work]:
        """Note when steps begin; what follows from a unit is given out when that is known to have ended."""
        for work in works:
            self.began.setdefault(work.unit.step, at)
            if isinstance(work, Review):
                self.asked[work.unit] = at
        return works


class _Found:
    """Records of units of which a job is being made, as they are looked up.

    Args:
        job: the key of the job.
        state: of its task.

    Attributes:
        records: that were found and not gone through, with their keys, and as they are written; by their numbers.
        referred: bodies that they refer to, of those that were found since this was emptied.
    """

    def __init__(self, job: bytes, state: State) -> None:
        self.records: dict[int, tuple[UnitRecord, bytes, bytes]] = {}
        self.referred: list[Reference] = []
        self._job = job
        self._state = state

    def looked_up(self, unit: Unit) -> bool:
        """Look a unit up, and say whether there is anything of it."""
        key = unit_key(self._job, unit)
        if (value := self._state.get(JOBS, key)) is None:
            return False
        record = UnitRecord.model_validate_json(value)
        number = record.number
        while number in self.records:
            number += 1
        self.records[number] = record, key, value
        if record.output_reference is not None:
            self.referred.append(record.output_reference)
        return True

    def next(self, number: int) -> tuple[UnitRecord, bytes, bytes]:
        """Give the record of a number; at least once a former owner may have numbered some of them too."""
        return self.records.pop(number if number in self.records else min(self.records))
