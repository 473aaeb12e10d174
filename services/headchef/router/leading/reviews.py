"""Takes decisions about reviews, and what holds when their time is over."""

from datetime import timedelta

from headchef_contracts.events.common import Decided
from headchef_contracts.events.reviews import CommandRefused, JobName, ReviewDecided

from headchef.router.leading.asking_people import AskingPeople, called_off
from headchef.router.leading.deciding import NotTaken, of_command, of_silence
from headchef.router.leading.led import Led
from headchef.router.leading.records import JOBS, STEP_BUDGET, LostRecord, UnitRecord, unit_key
from headchef.router.leading.turn import Turn
from headchef.runtime.processor import Emit, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics
from headchef.workflow.progress import Judge, Review, Unit

_FINEST = timedelta(milliseconds=1)


class Reviews:
    """Decides about the reviews of jobs that are under way.

    Args:
        people: closes reviews.
        judge: holds documents against schemas and checks.
        metrics: counts what is refused.
    """

    def __init__(self, people: AskingPeople, judge: Judge, metrics: Metrics) -> None:
        self._people = people
        self._judge = judge
        self._metrics = metrics

    def decided(
        self, command: ReviewDecided, job: JobName, led: Led | None, state: State, decided: Decided
    ) -> UnitRecord | Outcome | None:
        """Say what a decision comes to.

        Args:
            command: the decision.
            job: whose review it is about.
            led: the job; None where none of this name is under way.
            state: of its task.
            decided: when it came, and from what.

        Returns:
            What came of the unit; the outcome that tells why nothing was changed; or None, if it was decided by this
            very command before, and has been told.
        """
        unit = Unit(command.step_id, command.item)
        review = None if led is None else led.progress.under_way.get(unit)
        if led is not None and isinstance(review, Review):
            found = of_command(command, review, led.due_of(unit), decided, self._judge)
            return found if isinstance(found, UnitRecord) else self._refused(command, job, found, decided)
        before = None if led is None else state.get(JOBS, unit_key(led.key, unit))
        record = None if before is None else UnitRecord.model_validate_json(before)
        if record is not None and record.review is not None and record.review.command_id == command.command_id:
            return None
        return self._refused(command, job, _not_open(command, unit, record), decided)

    def over(self, turn: Turn, unit: Unit) -> UnitRecord:
        """Say what comes of a review whose timer has gone off: the job was cancelled, or the time is over.

        It is over by the timer, which a wrong clock does not make wait longer; not by the clock of whoever has it now.

        Args:
            turn: about the job.
            unit: that waits.
        """
        led, review = turn.led, turn.led.progress.under_way[unit]
        if not isinstance(review, Review):
            raise AssertionError(f"nobody is asked about {unit}")
        if (cancelled := self._people.cancelled(led)) is not None:
            return called_off(turn, unit, cancelled)
        due, deadline = led.due_of(unit), led.record.head.deadline
        if deadline is not None and due + _FINEST > deadline:
            message = f"the job's deadline was {due.isoformat(timespec='seconds')}, and nobody had decided"
            return called_off(turn, unit, LostRecord(reason="deadline_exceeded", message=message))
        latest = led.latest(unit.step)
        if latest is not None and due + _FINEST > latest:
            message = f"the budget of the step: its time was up at {latest}, and nobody had decided"
            return called_off(turn, unit, LostRecord(reason=STEP_BUDGET, message=message))
        return of_silence(review, turn.decided)

    def _refused(self, command: ReviewDecided, job: JobName, found: NotTaken, decided: Decided) -> Outcome:
        refused = CommandRefused(
            job=job,
            step_id=command.step_id,
            item=command.item,
            command_id=command.command_id,
            reason=found.reason,
            message=found.message,
            findings=found.findings,
            decided=decided,
        )
        self._metrics.count("headchef.commands.refused", attributes={"reason": found.reason})
        return Outcome((Emit("reviews", refused),))


def job_of(command: ReviewDecided) -> JobName:
    """Name the job that a command is about."""
    return JobName.model_validate(command.model_dump(include=set(JobName.model_fields)))


def _not_open(command: ReviewDecided, unit: Unit, record: UnitRecord | None) -> NotTaken:
    if record is None or record.review is None:
        job = f"{command.job_id} (run {command.run}, revision {command.revision}) of tenant {command.tenant}"
        return NotTaken("unknown", f"the job {job} is not under way, or no review of {unit} was asked for")
    by = f" by {record.review.by}" if record.review.by else ""
    said = record.review.outcome.replace("_", " ")
    at = record.review.at or record.at
    return NotTaken("closed", f"it was {said}{by} before, at {at.isoformat(timespec='seconds')}")
