"""Asks people for decisions, and says when that is over: the events of a review, and the timer of its deadline."""

from collections.abc import Sequence

from headchef_contracts.events.common import Inline, JobHead, Part, StepCheck
from headchef_contracts.events.reviews import MAX_DOCUMENT_BYTES, ReviewAsked, ReviewClosed

from headchef.brakes import Brakes, said, scopes
from headchef.canonical import canonical
from headchef.router.leading.led import Led
from headchef.router.leading.records import LostRecord, ReviewRecord, UnitRecord, unit_key
from headchef.router.leading.turn import Turn
from headchef.runtime.processor import Emit, Timer
from headchef.runtime.telemetry.metrics import Metrics
from headchef.workflow.progress import Review, Unit, Work

CALLED_OFF = "called_off"
"""Why a review comes to nothing that is open when its job ends."""

_TOPIC = "reviews"
_TIMERS = "\0\0review\0"
"""Begins the ids of reviews' timers; others begin with a tenant, or with one such character and a tenant."""


class Waiting(Part):
    """What the timer of a review remembers.

    Attributes:
        job: that waits.
        step_id: the step.
        item: of it.
    """

    job: JobHead
    step_id: str
    item: str | None = None

    @property
    def unit(self) -> Unit:
        """What waits."""
        return Unit(self.step_id, self.item)


def waiting_of(timer_id: str, payload: bytes) -> Waiting | None:
    """Read what a timer remembers; None if it is not that of a review."""
    return Waiting.model_validate_json(payload) if timer_id.startswith(_TIMERS) else None


class AskingPeople:
    """Asks them.

    Args:
        brakes: what operators have cancelled.
        metrics: counts reviews.
    """

    def __init__(self, brakes: Brakes, metrics: Metrics) -> None:
        self._brakes = brakes
        self._metrics = metrics

    def ask(self, turn: Turn, review: Review) -> Sequence[Work]:
        """Ask for a decision, unless it cannot be asked for or nobody wants it any more."""
        led, unit = turn.led, review.unit
        if (cancelled := self.cancelled(led)) is not None:
            return turn.lose(review, cancelled)
        size = len(canonical([review.document, review.schema, list(review.checks)]))
        if size > MAX_DOCUMENT_BYTES:
            message = f"the document has {size:,} bytes with its schema and checks; {MAX_DOCUMENT_BYTES:,} can be shown"
            return turn.lose(review, LostRecord(reason="too_large", message=message))
        asked = ReviewAsked(
            job=led.record.head,
            workflow=led.record.workflow,
            step_id=unit.step,
            item=unit.item,
            document=Inline(inline=review.document),
            due=led.due_of(unit),
            otherwise=review.otherwise,
            json_schema=None if review.schema is None else dict(review.schema),
            checks=tuple(_check(each) for each in review.checks),
            decided=turn.decided,
        )
        turn.outputs.append(Emit(_TOPIC, asked, identity=_identity(led, unit)))
        turn.ring(timer_of(led, unit))
        return ()

    def close(self, turn: Turn, unit: Unit, came: ReviewRecord) -> None:
        """Say that a review is open no more, before what came of it is noted.

        Args:
            turn: in which that happens.
            unit: that waits.
            came: what became of it.
        """
        led = turn.led
        closed = ReviewClosed(
            job=led.record.head,
            workflow=led.record.workflow,
            step_id=unit.step,
            item=unit.item,
            outcome=came.outcome,
            by=came.by,
            because=came.because,
            command_id=came.command_id,
            decided=turn.decided,
        )
        turn.outputs.append(Emit(_TOPIC, closed, identity=f"{_identity(led, unit)}\0closed"))
        turn.hush(timer_of(led, unit).id)

    def call_off(self, turn: Turn) -> None:
        """Close all reviews of a job that has ended."""
        for unit in tuple(turn.led.asked):
            self.note(turn, called_off(turn, unit, LostRecord(reason=CALLED_OFF, message="the job had ended before")))

    def note(self, turn: Turn, record: UnitRecord) -> list[Work]:
        """Close a review, note what came of it, and give what is to be done now."""
        if record.review is None:
            raise AssertionError("what came of a review says what became of it")
        self.close(turn, record.unit, record.review)
        return turn.note(record)

    def count(self, turn: Turn) -> None:
        """Count the reviews of a turn that has come to its end; what is run anew for a body counts once so."""
        for output in turn.outputs:
            match output.event:
                case ReviewAsked():
                    self._metrics.count("headchef.reviews.asked")
                case ReviewClosed() as closed:
                    by = "nobody" if closed.by is None else "somebody"
                    self._metrics.count("headchef.reviews.closed", attributes={"outcome": closed.outcome, "by": by})

    def cancelled(self, led: Led) -> LostRecord | None:
        """Say that a job was cancelled, if it was."""
        head = led.record.head
        cancel = self._brakes.cancel_of(scopes(head, None), head.submitted_at) if self._brakes else None
        return None if cancel is None else LostRecord(reason="cancelled", message=said(cancel))


def called_off(turn: Turn, unit: Unit, lost: LostRecord) -> UnitRecord:
    """Record that nobody is to decide any more."""
    return UnitRecord(
        step_id=unit.step,
        item=unit.item,
        lost=lost,
        at=turn.decided.at,
        cause=turn.decided.causes[0],
        review=ReviewRecord(outcome="called_off"),
    )


def timer_of(led: Led, unit: Unit) -> Timer:
    """Give the timer of a review that is open."""
    head = led.record.head
    waiting = Waiting(job=head, step_id=unit.step, item=unit.item)
    timer_id = f"{_TIMERS}{unit_key(led.key, unit).decode()}"
    return Timer(timer_id, led.due_of(unit), waiting.model_dump_json(by_alias=True).encode(), head.job_class)


def _identity(led: Led, unit: Unit) -> str:
    return f"{unit_key(led.key, unit).decode()}\0{led.record.head.conversation_id or ''}"


def _check(asked: object) -> StepCheck:
    if not isinstance(asked, dict):
        raise AssertionError("a check is filled in as an object")
    arguments = {name: value for name, value in asked.items() if name not in ("check", "path")}
    return StepCheck(check=asked["check"], path=asked["path"], arguments=arguments)
