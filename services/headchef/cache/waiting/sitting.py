"""Coalescing: of equal questions one is asked, and the others wait for its answer, as state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause, JobClass
from headchef_contracts.events.steps import Step, StepPlanned

from headchef.cache.policy import Choice, Hit, Pass
from headchef.cache.standing import Standing
from headchef.cache.store import StoredAnswer
from headchef.cache.waiting.cancelled import CancelledWaiters
from headchef.cache.waiting.going_on import GoingOn
from headchef.cache.waiting.leaders import Leaders
from headchef.cache.waiting.line import (
    Leader,
    Line,
    is_led,
    key_of,
    line_key,
    still_asking,
    with_leader,
    without_leader,
)
from headchef.cache.waiting.lines import Lines, Taken
from headchef.cache.waiting.parked import Parked, timer_id
from headchef.cache.waiting.policy import MOST_LINE_BYTES, MOST_STEP_BYTES, WaitPolicy, next_round
from headchef.cache.waiting.sharing import read_share
from headchef.runtime.processor import Change, Delivery, Outcome, State, Timer

_NOTHING = Outcome()


@dataclass(frozen=True, slots=True)
class Coalescing:
    """Lets equal questions wait for one another.

    Attributes:
        policy: for how long.
        leaders: who asks, where nobody waits for that.
        cancelled: knows whose job was cancelled.
    """

    policy: WaitPolicy
    leaders: Leaders
    cancelled: CancelledWaiters

    def sit(self, state: State, now: datetime, standing: Standing) -> "Sitting":
        """Begin with a batch of the task that has this state, at a moment at which that is known of answers."""
        return Sitting(self, Lines(state), now, standing)


class Sitting:
    """One batch: its deliveries are brought before it in their order.

    Args:
        rules: that hold for all.
        lines: of the task.
        now: the wall clock's time.
        standing: knows which answers hold still.

    Attributes:
        choices: what came of steps that wait no more.
    """

    def __init__(self, rules: Coalescing, lines: Lines, now: datetime, standing: Standing) -> None:
        self.choices: list[Choice] = []
        self._policy = rules.policy
        self._leaders = rules.leaders
        self._cancelled = rules.cancelled
        self._lines = lines
        self._now = now
        self._standing = standing

    def joins(self, planned: StepPlanned, cause: Cause, size_bytes: int) -> Outcome | None:
        """Let a step wait, if the same question is being asked.

        Args:
            planned: the step, for which there is no earlier answer.
            cause: its record.
            size_bytes: of that.

        Returns:
            What that leads to; None where it does not wait.
        """
        step = planned.step
        key = key_of(step)
        line = self._lines.get(key)
        if line is None:
            # Most often nobody asks the same: that must cost next to nothing.
            if not (known := self._known(key)):
                return None
            line = Line(leaders=known)
        if not self._may_join(step, line, cause, size_bytes):
            return None
        queue = line.queue(step.job.job_class)
        due = self._policy.due(step, queue.count, self._now)
        if due <= self._now or self._cancelled.is_cancelled(step):
            return None
        parked = Parked(planned=planned, number=queue.end, at=self._now, cause=cause, size_bytes=size_bytes)
        going_on = self._going_on(key, line)
        going_on.park(parked, timer_id(key, step.job.job_class, queue.end), due)
        self._leaders.put(key, self._lines.edition, ())
        return self._closed(going_on)

    def leads(self, step: Step, cause: Cause) -> tuple[Change, ...]:
        """Note that a step goes to its model, for others to wait for.

        Args:
            step: what is asked.
            cause: the record that planned it.

        Returns:
            What is to be kept of it: nothing, where nobody waits.
        """
        if step.cache == "bypass" or self._cancelled.is_cancelled(step):
            return ()
        key = key_of(step)
        line = self._lines.get(key)
        leader = Leader(step.job.job_id, step.job.job_class, self._now, cause)
        if line is None:
            self._leaders.put(key, self._lines.edition, with_leader(self._known(key), leader))
            return ()
        if line.size_bytes >= MOST_LINE_BYTES:
            return ()
        return self._closed(self._going_on(key, line.with_leader(leader))).changes

    def settled(self, settled: CacheSettled, answer: StoredAnswer | None, delivery: Delivery) -> Outcome:
        """Give those that wait the answer; or let some of them go on, if there is none and nobody asks any more.

        Args:
            settled: the verdict.
            answer: what others may be given; None where it may not be.
            delivery: its record.
        """
        key = line_key(settled.tenant, settled.fingerprint)
        line = self._lines.get(key)
        if line is None:
            if known := self._known(key):
                left = () if answer is not None else without_leader(known, settled.source_job_id)
                self._leaders.put(key, self._lines.edition, left)
            return _NOTHING
        if line.answering:
            return Outcome()
        going_on = self._going_on(key, line)
        if answer is not None and self._give(going_on, answer):
            return self._closed(going_on)
        left_line = line.without_leader(settled.source_job_id)
        if left_line is line:
            return Outcome()
        going_on.line = left_line
        self._release(going_on, delivery.cause)
        return self._closed(going_on)

    def goes_on(self, timer: Timer, serving: Callable[[StoredAnswer], StoredAnswer | None]) -> Outcome:
        """Go on with an answer that is shared.

        Args:
            timer: that keeps it.
            serving: gives an answer if it may still be served, else None: then it is as if there had been none.
        """
        key, answer = read_share(timer.payload)
        line = self._lines.get(key)
        if line is None:
            return Outcome()
        going_on = self._going_on(key, line)
        if serving(answer) is None or not self._give(going_on, answer):
            going_on.line = going_on.line.model_copy(update={"answering": False})
            self._release(going_on, answer.settled)
        return self._closed(going_on)

    def waited(self, timer: Timer, found: StoredAnswer | None, *, reachable: bool) -> Outcome:
        """Let a step go on that has waited for as long as it may, or that nobody wants any more.

        Args:
            timer: that kept it.
            found: an answer that is in the store by now and may be served; None where there is none.
            reachable: whether the store was there to be asked.
        """
        parked = self._lines.take(timer.id)
        if parked is None:
            return Outcome()
        key = key_of(parked.step)
        going_on = self._going_on(key, self._line(key))
        missed = Pass("miss" if reachable else "unavailable")
        choice = missed if found is None else self._standing.of(Hit(found))
        # One whose job was cancelled is not asked at all.
        leads = not self._cancelled.is_cancelled(parked.step)
        going_on.end(Taken(timer.id, parked), choice, leads=leads)
        if isinstance(choice, Hit) and going_on.line.count:
            # The verdict went elsewhere: what this one was given is for all who wait with it.
            self._give(going_on, choice.stored)
        return self._closed(going_on)

    def _may_join(self, step: Step, line: Line, cause: Cause, size_bytes: int) -> bool:
        if step.cache == "bypass" or size_bytes > MOST_STEP_BYTES or line.size_bytes >= MOST_LINE_BYTES:
            return False
        if any(each.cause == cause for each in line.leaders):
            # At least once it may come again: it does not wait for itself.
            return False
        return line.answering or is_led(line.leaders, step.job.job_class, self._now, self._policy)

    def _give(self, going_on: GoingOn, answer: StoredAnswer) -> bool:
        """Give those who wait an answer, or keep it for them while it is not known whether it holds.

        Returns:
            False if it does not.
        """
        if self._standing.known and not self._standing.holds(answer):
            return False
        going_on.line = going_on.line.model_copy(update={"leaders": ()})
        if self._standing.known:
            going_on.share(answer)
        else:
            going_on.share_later(answer)
        return True

    def _release(self, going_on: GoingOn, why: Cause) -> None:
        """Let the next go on, where nobody asks for whom they may wait."""
        line = going_on.line
        waiting: tuple[tuple[JobClass, int], ...] = (
            ("interactive", line.interactive.count),
            ("bulk", line.bulk.count),
        )
        for job_class, count in waiting:
            if count and not is_led(line.leaders, job_class, self._now, self._policy):
                many = next_round(line.released, count)
                going_on.release(many, job_class, (why,))
                going_on.line = going_on.line.model_copy(update={"released": many})
                return

    def _line(self, key: bytes) -> Line:
        """Give a line, or the one that would begin now."""
        line = self._lines.get(key)
        return Line(leaders=self._known(key)) if line is None else line

    def _known(self, key: bytes) -> tuple[Leader, ...]:
        return self._leaders.of(key, self._lines.edition)

    def _going_on(self, key: bytes, line: Line) -> GoingOn:
        return GoingOn(key, line, self._lines, self._now, self.choices)

    def _closed(self, going_on: GoingOn) -> Outcome:
        """Keep the line; where nobody waits any more, who asks is known in memory alone again."""
        going_on.line = going_on.line.model_copy(
            update={"leaders": still_asking(going_on.line.leaders, self._now, self._policy)}
        )
        outcome = going_on.close()
        if not going_on.line.count:
            self._leaders.put(going_on.key, self._lines.edition, going_on.line.leaders)
        return outcome
