"""Leads jobs: begins them, takes in what came of their steps, and gives all that this leads to as one outcome."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from headchef_contracts.events.common import Cause, Decided, JobHead
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.reviews import JobName, ReviewDecided
from headchef_contracts.events.steps import Ended, Step

from headchef.bodies import BodiesAtHand
from headchef.brakes import Brakes
from headchef.result import publish
from headchef.router.asking import NobodyLeft
from headchef.router.leading import came, silence
from headchef.router.leading.affording import Afforded, within_budget
from headchef.router.leading.asked import Planner
from headchef.router.leading.asking_people import AskingPeople, Waiting, timer_of, waiting_of
from headchef.router.leading.beginning import in_time, value_of
from headchef.router.leading.doing import Doing
from headchef.router.leading.finishing import result_of
from headchef.router.leading.led import Led
from headchef.router.leading.left import is_left, left_of
from headchef.router.leading.memory import Memory
from headchef.router.leading.records import (
    JOBS,
    NEVER_BEGUN,
    JobRecord,
    LostRecord,
    UnitRecord,
    job_key,
    unit_key,
)
from headchef.router.leading.remains import Remains, forgotten
from headchef.router.leading.reserved import given_back
from headchef.router.leading.reviews import Reviews, job_of
from headchef.router.leading.shelf import Shelf
from headchef.router.leading.turn import Turn
from headchef.router.refusal import Refused
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import Change, Outcome, State, Timer
from headchef.runtime.telemetry.metrics import Metrics
from headchef.template import Renderer
from headchef.workflow.identity import left_out
from headchef.workflow.progress import Judge, Progress

_UNREADABLE_PAUSE = timedelta(hours=1)
"""How much later a review is looked at again whose workflow cannot be read just now."""


class Leader:
    """Leads the jobs of a process's tasks.

    Args:
        shelf: has the published workflows.
        renderer: fills templates.
        judge: judges outputs, and carries audits out.
        memory: keeps jobs between deliveries.
        metrics: counts results.
        remains: keeps what is left of jobs that came to no good end.
        silence: after so long without news of a job nothing of it can still come: what was sent has expired.
        homes: accounts are kept in so many partitions, the first ones.
        at_hand: has bodies that records refer to, and takes those that are too large for them.
        brakes: what operators have cancelled, also while nothing but people is waited for.
    """

    def __init__(
        self,
        *,
        shelf: Shelf,
        renderer: Renderer,
        judge: Judge,
        memory: Memory,
        metrics: Metrics,
        remains: Remains,
        silence: timedelta,
        homes: int,
        at_hand: BodiesAtHand,
        brakes: Brakes,
    ) -> None:
        self._people = AskingPeople(brakes, metrics)
        self._reviews = Reviews(self._people, judge, metrics)
        self._doing = Doing(judge, homes, self._people)
        self._homes = homes
        self._shelf = shelf
        self._renderer = renderer
        self._judge = judge
        self._memory = memory
        self._metrics = metrics
        self._remains = remains
        self._silence = silence
        self._at_hand = at_hand

    def begin(self, job: JobSubmitted, head: JobHead, state: State, decided: Decided, planner: Planner) -> Outcome:
        """Take a job on.

        Args:
            job: names a workflow.
            head: of all its events.
            state: of its task.
            decided: at what time and from what.
            planner: plans questions.

        Raises:
            Refused: there is no such workflow, it cannot be led, or the input does not obey it.
        """
        workflow = self._shelf.wanted(job.workflow or "")
        values = value_of(job.input)
        schema = workflow.schema(workflow.file.input.schema_name)
        for finding in self._judge.findings(values, schema, ()):
            raise Refused("invalid", f"input{finding.path.replace('/', '.')}", finding.message)
        for name, message in left_out(workflow, values).items():
            raise Refused("invalid", f"input.{name}", message)
        record = JobRecord(
            head=in_time(head, workflow.file.budget.seconds),
            workflow=workflow.name,
            digest=workflow.sources.digest,
            input=values,
            cache=job.cache,
            cache_tags=job.cache_tags,
            at=decided.at,
            cause=decided.causes[0],
            takes_over=left_of(head, state) is not None,
        )
        progress = Progress(workflow, values, renderer=self._renderer, judge=self._judge)
        stored = record.to_be_stored(self._at_hand)
        written = stored.written()
        size = len(written) + stored.referred_bytes
        led = Led(record, progress, state, self._at_hand, size_bytes=size)
        turn = Turn(led, decided, planner, stored=None)
        turn.changes.append(Change(JOBS, led.key, written))
        self._doing.do(turn, led.begin())
        return self._closed(turn, state, (silence.alarm(led, decided.at, self._silence),))

    def knows(self, head: JobHead | JobName, state: State) -> bool:
        """Say whether a job is under way."""
        return state.get(JOBS, job_key(head)) is not None

    def afforded(self, step: Step, state: State, planner: Planner) -> Afforded | LostRecord | NobodyLeft:
        """Say how a step may be planned again, or why not.

        Args:
            step: as it would be planned.
            state: of its task.
            planner: has the catalogue.

        Returns:
            The question; what the step is lost by, where that is beyond a budget; or that its answer serves nobody.
        """
        led = self._recalled(job_key(step.job), state)
        if led is None:
            return Afforded(step)
        if led.progress.ending is not None:
            return NobodyLeft(NEVER_BEGUN.message)
        return within_budget(led, step, planner)

    def withdrawn(self, step: Step, state: State, decided: Decided, planner: Planner) -> Outcome | None:
        """Let a step be that was not asked yet, or cannot use an earlier answer, if its job has ended meanwhile.

        None where it is to be asked.

        Args:
            step: as it was to be asked.
            state: of its task.
            decided: at what time and from what.
            planner: plans questions.
        """
        led = self._recalled(job_key(step.job), state)
        if led is not None and led.progress.ending is None:
            return None
        return self._take(step.job, came.of_nobody(step, decided), state, decided, planner)

    def step_ended(
        self, step: Step, ended: Ended, state: State, decided: Decided, planner: Planner, lost: LostRecord | None = None
    ) -> Outcome:
        """Take in what a step's question came to; of a job that is over, or again, it leads to nothing.

        Where another question was to be asked, and a budget has no room for it, `lost` says so; see `afforded`.
        """
        record = came.of_step(step, ended, decided, planner.catalogue, lost)
        return self._take(step.job, record, state, decided, planner)

    def other_ended(self, ended: came.Other, state: State, decided: Decided, planner: Planner) -> Outcome:
        """Take in what a call of a function, a document or a reservation came to; likewise."""
        return self._take(ended.job, came.of_other(ended, decided), state, decided, planner)

    def overdue(
        self, timer: Timer, state: State, decide: Callable[[tuple[Cause, ...]], Decided], planner: Planner
    ) -> Outcome:
        """End what has waited too long: a review by what holds then, or a job of which nothing comes any more.

        Or forget what is left of one.
        """
        if (reviewed := waiting_of(timer.id, timer.payload)) is not None:
            return self._review_over(reviewed, timer, state, decide, planner)
        if is_left(timer.payload):
            return Outcome(changes=forgotten(timer.payload, state))
        try:
            led = self._recalled(timer.payload, state)
        except InvalidEvent:
            # Its workflow cannot be read just now, and what came of it lies in the dead letters, to be sent again.
            return Outcome(timers=(replace(timer, due=timer.due + self._silence),))
        if led is None:
            return Outcome()
        decided = decide((led.record.cause,))
        newest = led.newest
        if newest + self._silence > decided.at:
            return Outcome(timers=(silence.alarm(led, newest, self._silence),))
        led.progress.end(silence.ending_of(led, newest))
        turn = Turn(led, decided, planner, stored=len(led.ended))
        self._people.call_off(turn)
        return self._closed(turn, state, forced=True)

    def review_decided(self, command: ReviewDecided, state: State, decided: Decided, planner: Planner) -> Outcome:
        """Take in what a person has decided, or tell why that changes nothing."""
        job = job_of(command)
        led = self._recalled(job_key(job), state)
        came = self._reviews.decided(command, job, led, state, decided)
        if isinstance(came, Outcome):
            return came
        if led is None or came is None:
            return _stray(led)
        turn = Turn(led, decided, planner, stored=len(led.ended))
        self._doing.do(turn, self._people.note(turn, came))
        return self._closed(turn, state)

    def _review_over(
        self,
        waiting: Waiting,
        timer: Timer,
        state: State,
        decide: Callable[[tuple[Cause, ...]], Decided],
        planner: Planner,
    ) -> Outcome:
        try:
            led = self._recalled(job_key(waiting.job), state)
        except InvalidEvent:
            return Outcome(timers=(replace(timer, due=timer.due + _UNREADABLE_PAUSE),))
        if led is None or waiting.unit not in led.asked:
            return _stray(led)
        turn = Turn(led, decide((led.record.cause,)), planner, stored=len(led.ended), rung=timer.id)
        came = self._reviews.over(turn, waiting.unit)
        self._doing.do(turn, self._people.note(turn, came))
        return self._closed(turn, state)

    def _take(self, head: JobHead, record: UnitRecord, state: State, decided: Decided, planner: Planner) -> Outcome:
        led = self._recalled(job_key(head), state)
        if led is None or record.unit not in led.progress.under_way:
            return _stray(led)
        turn = Turn(led, decided, planner, stored=len(led.ended))
        self._doing.do(turn, turn.note(record))
        return self._closed(turn, state)

    def _recalled(self, key: bytes, state: State) -> Led | None:
        """Give a job that is under way, from memory if that is what is stored."""
        written = state.get(JOBS, key)
        if written is None:
            return None
        led = self._memory.get(key)
        if led is None or not led.agrees(state):
            recalled = self._shelf.recalled(written, state, self._renderer, self._judge, self._at_hand)
            led = self._memory.keep(recalled)
        return led

    def _closed(self, turn: Turn, state: State, timers: tuple[Timer, ...] = (), *, forced: bool = False) -> Outcome:
        """Write down how far the job has come, or give its result and forget it."""
        led = turn.led
        self._people.count(turn)
        if not led.over and not forced:
            self._memory.keep(led)
            set_now = (*timers, *turn.timers.values())
            return Outcome(tuple(turn.outputs), tuple(turn.changes), timers=set_now, cleared=tuple(turn.cleared))
        self._memory.drop(led.key)
        result = result_of(led, at=turn.decided.at, decided=turn.decided)
        freed = given_back(led, result.status, self._homes, turn.decided)
        outputs = (*turn.outputs, *freed, publish(result, self._metrics, self._homes))
        left = self._remains.over(led, result.status, state, turn.decided.at, at_once=turn.stored is None)
        if turn.stored is None:
            return Outcome(outputs, left.changes, cleared=left.cleared)
        # The job first: at least once it may be all that is written, and is what counts.
        old = (unit for unit in led.ended[: turn.stored] if unit not in left.kept)
        gone = tuple(Change(JOBS, key, None) for key in (led.key, *(unit_key(led.key, unit) for unit in old)))
        new = {unit_key(led.key, unit) for unit in led.ended[turn.stored :] if unit in left.kept}
        kept = tuple(change for change in turn.changes if change.key in new)
        cleared = (*turn.cleared, *(() if forced else (silence.alarm_id(led.key),)), *left.cleared)
        return Outcome(outputs, (*gone, *kept, *left.changes), timers=left.timers, cleared=cleared)


def _stray(led: Led | None) -> Outcome:
    """Change nothing by what has come again, or too late.

    At least once the timers may be all that was not written of what it led to before.
    """
    again = () if led is None else tuple(timer_of(led, unit) for unit in led.asked)
    return Outcome(counted=("headchef.steps.stray",), timers=again)
