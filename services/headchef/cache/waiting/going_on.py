"""What becomes of a line, and of steps in it, by one delivery: gathered, and then given to the runtime."""

from dataclasses import dataclass, field
from datetime import datetime

from headchef_contracts.events.common import Cause, JobClass
from headchef_contracts.events.steps import Step

from headchef.cache.policy import Choice, Hit, Pass, express
from headchef.cache.store import StoredAnswer
from headchef.cache.waiting.line import WAITING, Leader, Line
from headchef.cache.waiting.lines import Lines, Taken
from headchef.cache.waiting.parked import Parked
from headchef.cache.waiting.policy import LATER, MOST_ANSWERED_BYTES, PIECE, PIECE_BYTES
from headchef.cache.waiting.sharing import next_share
from headchef.runtime.processor import Change, Emit, Outcome, Timer
from headchef.runtime.telemetry.measures import CounterName


@dataclass(slots=True)
class GoingOn:
    """One delivery's part in a line.

    Attributes:
        key: of the line.
        line: as it is by now.
        lines: of the task.
        now: the wall clock's time.
        choices: what came of the steps that wait no more.
    """

    key: bytes
    line: Line
    lines: Lines
    now: datetime
    choices: list[Choice] = field(default_factory=list)
    _outputs: list[Emit] = field(default_factory=list)
    _timers: list[Timer] = field(default_factory=list)
    _cleared: list[str] = field(default_factory=list)
    _counted: list[CounterName] = field(default_factory=list)

    def park(self, parked: Parked, timer: str, due: datetime) -> None:
        """Let a step wait in the line, until something is due."""
        self.lines.park(timer, parked)
        self.line = self.line.joined_by(parked)
        self._timers.append(Timer(timer, due, parked.written(), parked.step.job.job_class))
        self._counted.append("headchef.cache.parked")

    def share(self, answer: StoredAnswer) -> None:
        """Give an answer to those that wait longest, and to the others one after the other from now on."""
        size_bytes = len(answer.answer.model_dump_json().encode())
        shared = shared_bytes = 0
        while self.line.count and shared < PIECE and shared_bytes < PIECE_BYTES:
            if (taken := self._next()) is None:
                continue
            fits = taken.parked.size_bytes + size_bytes <= MOST_ANSWERED_BYTES
            self._settle(taken, Hit(answer, "coalesced") if fits else Pass("miss"), ())
            shared, shared_bytes = shared + 1, shared_bytes + taken.parked.size_bytes + size_bytes
        self.line = self.line.model_copy(update={"answering": self.line.count > 0})
        if self.line.count:
            self._timers.append(next_share(self.key, answer, self.line.taken, self.now, self._next_class()))

    def share_later(self, answer: StoredAnswer) -> None:
        """Keep an answer for those who wait, and look again soon whether it may be given to them."""
        self.line = self.line.model_copy(update={"answering": True})
        due = self.now + LATER
        self._timers.append(next_share(self.key, answer, self.line.taken, due, self._next_class()))

    def release(self, most: int, job_class: JobClass, why: tuple[Cause, ...]) -> None:
        """Send those of a class that wait longest to their model.

        Args:
            most: of them.
            job_class: of those.
            why: what led to that, beside their plans.
        """
        for _ in range(most):
            self.line, taken = self.lines.take_next(self.key, self.line, job_class)
            if taken is None:
                return
            self._settle(taken, Pass("miss"), why)

    def end(self, taken: Taken, choice: Choice, *, leads: bool) -> None:
        """Let a step that waited too long get an answer that was there, or go to its model; its timer has gone off.

        Args:
            taken: the step.
            choice: what comes of it.
            leads: whether the others may wait for it, if it goes to its model.
        """
        self.line = self.line.without(taken.parked)
        self._express(taken.parked, choice, (), leads=leads)

    def close(self) -> Outcome:
        """Give what it leads to, and keep the line; one in which nobody waits is none."""
        line = self.line if self.line.count else None
        self.lines.put(self.key, line)
        return Outcome(
            outputs=tuple(self._outputs),
            changes=(Change(WAITING, self.key, None if line is None else line.written()),),
            counted=tuple(self._counted),
            timers=tuple(self._timers),
            cleared=tuple(self._cleared),
        )

    def _next_class(self) -> JobClass:
        return "interactive" if self.line.interactive.count else "bulk"

    def _next(self) -> Taken | None:
        self.line, taken = self.lines.take_next(self.key, self.line, self._next_class())
        return taken

    def _settle(self, taken: Taken, choice: Choice, why: tuple[Cause, ...]) -> None:
        self._cleared.append(taken.timer)
        self._express(taken.parked, choice, why)

    def _express(self, parked: Parked, choice: Choice, why: tuple[Cause, ...], *, leads: bool = True) -> None:
        """Say what became of a step; at least once it is the same event, however often that is said."""
        waited_s = max(0.0, (self.now - parked.at).total_seconds())
        emit = express(parked.step, choice, self.now, parked.cause, *why, waited_s=waited_s)
        identity = _identity(parked.step, "answered" if isinstance(choice, Hit) else "released")
        self._outputs.append(Emit(emit.topic, emit.event, emit.partition, identity, emit.among))
        self.choices.append(choice)
        if isinstance(choice, Hit):
            self._counted.append("headchef.cache.answered")
            return
        self._counted.append("headchef.cache.released")
        if not leads:
            return
        job = parked.step.job
        self.line = self.line.with_leader(Leader(job.job_id, job.job_class, self.now, parked.cause))


def _identity(step: Step, word: str) -> str:
    job = step.job
    about = (job.tenant, job.job_id, str(job.run), str(job.revision), job.conversation_id or "", step.step_id)
    return "\0".join((*about, step.item or "", str(step.plan), word))
