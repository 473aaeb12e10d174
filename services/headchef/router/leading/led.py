"""A job on its way through a workflow, in memory: made from its records, and made again from them whenever in doubt."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from headchef.bodies import BodiesAtHand
from headchef.router.leading.budget import Spent, settled
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
        edition: of the state that it is remembered beside.
        at_hand: has what its records refer to, and takes what is too large for them.
        size_bytes: of its own record, and of what that refers to.

    Attributes:
        record: as it was taken on, and is stored now.
        at_hand: as given.
        key: names it in the store.
        progress: how far it has come.
        units: what has come of its units, in order.
        spent: what was settled, by step.
        reserved: what is expected of questions under way.
        unreckoned: units under way of which that is not known, as somebody else has begun them.
        began: when the first unit of each step was given out.
        size_bytes: of all its records, and of what they refer to.
        asked: since when a person is asked, by the units that wait for that.
    """

    def __init__(
        self, record: JobRecord, progress: Progress, edition: object, at_hand: BodiesAtHand, *, size_bytes: int
    ) -> None:
        self.at_hand = at_hand
        self.record = record
        self.key = record.key
        self.progress = progress
        self.units: list[UnitRecord] = []
        self.spent: dict[str, Spent] = {}
        self.reserved: dict[Unit, Spent] = {}
        self.unreckoned: frozenset[Unit] = frozenset()
        self.began: dict[str, datetime] = {}
        self.size_bytes = size_bytes
        self.asked: dict[Unit, datetime] = {}
        self._edition = edition
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
        numbered = record.model_copy(update={"number": len(self.units)})
        reference = self.at_hand.reference(self._tenant, record.output)
        key, value = unit_key(self.key, record.unit), numbered.written(reference)
        return key, value, self._take(numbered, key, value, 0 if reference is None else reference.bytes)

    def recall(self, state: State) -> None:
        """Go through all that is stored, in the order in which it came; what was to be done then was done then.

        Raises:
            NotAtHand: some of it refers to bodies that have to be read first.
            BodyUnusable: such a body cannot be had.
        """
        unseen = [work.unit for work in self.begin()]
        found: dict[int, tuple[UnitRecord, bytes, bytes]] = {}
        while True:
            for unit in unseen:
                self._look_up(unit, state, found)
            if not found:
                self.unreckoned = frozenset(self.progress.under_way)
                return
            referred = (record.output_reference for record, _, _ in found.values())
            self.at_hand.need(self._tenant, (each for each in referred if each is not None))
            # At least once a former owner may have numbered some of them too.
            number = len(self.units) if len(self.units) in found else min(found)
            record, key, value = found.pop(number)
            referred_bytes = 0 if record.output_reference is None else record.output_reference.bytes
            opened = record.with_output(self._tenant, self.at_hand)
            unseen = [work.unit for work in self._take(opened, key, value, referred_bytes)]

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
        told = self.units[-1].at if self.units else self.record.at
        return max([told, *map(self.due_of, self.asked)])

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

    def _look_up(self, unit: Unit, state: State, found: dict[int, tuple[UnitRecord, bytes, bytes]]) -> None:
        key = unit_key(self.key, unit)
        if (value := state.get(JOBS, key)) is not None:
            record = UnitRecord.model_validate_json(value)
            number = record.number
            while number in found:
                number += 1
            found[number] = record, key, value

    def _take(self, record: UnitRecord, key: bytes, value: bytes, referred_bytes: int) -> list[Work]:
        self.units.append(record)
        self.size_bytes += len(value) + referred_bytes
        self.reserved.pop(record.unit, None)
        self.asked.pop(record.unit, None)
        self.spent[record.step_id] = self.spent.get(record.step_id, Spent()) + settled(record)
        self._last = key, value
        if record.lost is not None and record.lost.reason in _CALLED_OFF and not record.lost.leave_out:
            why = Lost(record.lost.reason, record.lost.message)
            status, findings = _CALLED_OFF[why.reason], record.lost.findings
            self.progress.end(Ending(status, failed=record.unit, why=why, findings=findings))
        return self._begun(self.progress.ended(record.unit, record.outcome), record.at)

    def _begun(self, works: list[Work], at: datetime) -> list[Work]:
        """Note when steps begin; what follows from a unit is given out when that is known to have ended."""
        for work in works:
            self.began.setdefault(work.unit.step, at)
            if isinstance(work, Review):
                self.asked[work.unit] = at
        return works
