"""All that one delivery leads to for a job, as it comes about."""

from dataclasses import dataclass, field

from headchef_contracts.events.common import Decided

from headchef.router.leading.asked import Planner
from headchef.router.leading.led import Led
from headchef.router.leading.records import JOBS, LostRecord, UnitRecord
from headchef.runtime.processor import Change, Emit, Timer
from headchef.workflow.progress import Work


@dataclass(slots=True)
class Turn:
    """What is written when the delivery has been handled.

    Attributes:
        led: the job.
        decided: at what time and from what.
        planner: plans questions.
        stored: how many units were there before; None where there was no job either.
        rung: id of the timer that the turn is about, if it is about one.
        outputs: events.
        changes: of the store of jobs.
        timers: that are set, by their ids.
        cleared: ids of timers that were set before, and shall not go off any more.
    """

    led: Led
    decided: Decided
    planner: Planner
    stored: int | None
    rung: str | None = None
    outputs: list[Emit] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    timers: dict[str, Timer] = field(default_factory=dict)
    cleared: dict[str, None] = field(default_factory=dict)

    def note(self, record: UnitRecord) -> list[Work]:
        """Note what came of a unit that is under way, and give what is to be done now."""
        key, value, works = self.led.take(record)
        self.changes.append(Change(JOBS, key, value))
        return works

    def ring(self, timer: Timer) -> None:
        """Let a timer be set."""
        self.timers[timer.id] = timer

    def hush(self, timer_id: str) -> None:
        """Let a timer not go off, if it is not the one that has."""
        if self.timers.pop(timer_id, None) is None and timer_id != self.rung:
            self.cleared[timer_id] = None

    def came(self, work: Work, output: object) -> list[Work]:
        """Note what a unit came to at once."""
        return self.note(self._record(work, output=output))

    def lose(self, work: Work, lost: LostRecord) -> list[Work]:
        """Note that a unit came to nothing at once."""
        return self.note(self._record(work, lost=lost))

    def _record(self, work: Work, *, output: object = None, lost: LostRecord | None = None) -> UnitRecord:
        unit, decided = work.unit, self.decided
        return UnitRecord(
            step_id=unit.step, item=unit.item, output=output, lost=lost, at=decided.at, cause=decided.causes[0]
        )
