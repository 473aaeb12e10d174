"""Leads jobs: begins them, takes in what came of their steps, and gives all that this leads to as one outcome."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from headchef_contracts import topics
from headchef_contracts.events.calls import CallEnded
from headchef_contracts.events.common import Body, Cause, Decided, Inline, JobHead
from headchef_contracts.events.fetches import FetchEnded
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.steps import Ended, Step, StepPlanned

from headchef.canonical import canonical
from headchef.result import publish
from headchef.router.leading import came
from headchef.router.leading.affording import over_budget
from headchef.router.leading.asked import Planner, step_of
from headchef.router.leading.finishing import result_of
from headchef.router.leading.given_out import call_of, fetch_of
from headchef.router.leading.led import Led
from headchef.router.leading.memory import Memory
from headchef.router.leading.records import JOBS, NOT_BEGUN, JobRecord, LostRecord, UnitRecord, job_key, unit_key
from headchef.router.leading.shelf import Shelf
from headchef.router.refusal import Refused
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import Change, Emit, Outcome, State, Timer
from headchef.runtime.telemetry.metrics import Metrics
from headchef.template import Renderer
from headchef.workflow.progress import Ask, Audit, Call, Ending, Fetch, Judge, Lost, Progress, Unit, Work

MAX_ARGUMENT_BYTES = 3_000_000
"""Of a function's arguments as JSON: with all else the call must fit into the 4 MiB of its topic."""

_SHOWN = 5


@dataclass(slots=True)
class _Turn:
    """All that one delivery leads to, as it comes about; `stored` units were there before, None for no job either."""

    led: Led
    decided: Decided
    planner: Planner
    stored: int | None
    outputs: list[Emit] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


class Leader:
    """Leads the jobs of a process's tasks.

    Args:
        shelf: has the published workflows.
        renderer: fills templates.
        judge: judges outputs, and carries audits out.
        memory: keeps jobs between deliveries.
        metrics: counts results.
        silence: after so long without news of a job nothing of it can still come: what was sent has expired.
    """

    def __init__(
        self,
        *,
        shelf: Shelf,
        renderer: Renderer,
        judge: Judge,
        memory: Memory,
        metrics: Metrics,
        silence: timedelta,
    ) -> None:
        self._shelf = shelf
        self._renderer = renderer
        self._judge = judge
        self._memory = memory
        self._metrics = metrics
        self._silence = silence

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
        values = _value(job.input)
        schema = workflow.schema(workflow.file.input.schema_name)
        for finding in self._judge.findings(values, schema, ()):
            raise Refused("invalid", f"input{finding.path.replace('/', '.')}", finding.message)
        record = JobRecord(
            head=_in_time(head, workflow.file.budget.seconds),
            workflow=workflow.name,
            digest=workflow.sources.digest,
            input=values,
            cache=job.cache,
            at=decided.at,
            cause=decided.causes[0],
        )
        progress = Progress(workflow, values, renderer=self._renderer, judge=self._judge)
        turn = _Turn(Led(record, progress, state.edition), decided, planner, stored=None)
        turn.changes.append(Change(JOBS, turn.led.key, record.written()))
        self._do(turn, progress.begin())
        return self._closed(turn, (self._alarm(turn.led, decided.at),))

    def knows(self, head: JobHead, state: State) -> bool:
        """Say whether a job is under way."""
        return state.get(JOBS, job_key(head)) is not None

    def unaffordable(self, step: Step, state: State, planner: Planner) -> str | None:
        """Say why a step may not be planned again, as its next question is beyond a budget; None if it may.

        Args:
            step: as it would be planned.
            state: of its task.
            planner: has the catalogue.
        """
        led = self._recalled(job_key(step.job), state)
        over = None if led is None else over_budget(led, step, planner)
        return None if over is None else over.message

    def step_ended(self, step: Step, ended: Ended, state: State, decided: Decided, planner: Planner) -> Outcome:
        """Take in what a step's question came to; of a job that is over, or again, it leads to nothing."""
        return self._take(step.job, came.of_step(step, ended, decided, planner.catalogue), state, decided, planner)

    def other_ended(self, ended: CallEnded | FetchEnded, state: State, decided: Decided, planner: Planner) -> Outcome:
        """Take in what a call of a function, or a document, came to; likewise."""
        return self._take(ended.job, came.of_other(ended, decided), state, decided, planner)

    def overdue(
        self, timer: Timer, state: State, decide: Callable[[tuple[Cause, ...]], Decided], planner: Planner
    ) -> Outcome:
        """End a job of which nothing has come for too long, or wait on if something has."""
        try:
            led = self._recalled(timer.payload, state)
        except InvalidEvent:
            # Its workflow cannot be read just now, and what came of it lies in the dead letters, to be sent again.
            return Outcome(timers=(replace(timer, due=timer.due + self._silence),))
        if led is None:
            return Outcome()
        decided = decide((led.record.cause,))
        newest = led.units[-1].at if led.units else led.record.at
        if newest + self._silence > decided.at:
            return Outcome(timers=(self._alarm(led, newest),))
        waiting = sorted(map(str, led.progress.under_way))
        message = f"nothing has come of {', '.join(waiting[:_SHOWN])} since {newest.isoformat(timespec='seconds')}"
        led.progress.end(Ending("failed", why=Lost("lost", message)))
        return self._closed(_Turn(led, decided, planner, stored=len(led.units)), forced=True)

    def _take(self, head: JobHead, record: UnitRecord, state: State, decided: Decided, planner: Planner) -> Outcome:
        led = self._recalled(job_key(head), state)
        if led is None or record.unit not in led.progress.under_way:
            return Outcome(counted=("headchef.steps.stray",))
        turn = _Turn(led, decided, planner, stored=len(led.units))
        self._do(turn, self._noted(turn, record))
        return self._closed(turn)

    def _recalled(self, key: bytes, state: State) -> Led | None:
        """Give a job that is under way, from memory if that is what is stored."""
        written = state.get(JOBS, key)
        if written is None:
            return None
        led = self._memory.get(key)
        if led is None or not led.agrees(state):
            record = JobRecord.model_validate_json(written)
            led = self._memory.keep(self._shelf.recalled(record, state, self._renderer, self._judge))
        return led

    def _do(self, turn: _Turn, works: Sequence[Work]) -> None:
        """Do all that is to be done, and what that leads to at once."""
        todo = deque(works)
        while todo:
            work = todo.popleft()
            if turn.led.progress.ending is not None:
                # Known to whoever makes the job anew, who would wait for it for ever.
                todo += self._lost(turn, work, NOT_BEGUN, "the job had ended before")
                continue
            match work:
                case Ask():
                    todo += self._ask(turn, work)
                case Call():
                    todo += self._call(turn, work)
                case Fetch():
                    self._fetch(turn, work)
                case Audit():
                    todo += self._noted(turn, _record(work, turn.decided, output=self._judge.audited(work)))

    def _ask(self, turn: _Turn, ask: Ask) -> Sequence[Work]:
        record = turn.led.record
        try:
            step = step_of(ask, record, turn.planner)
        except Refused as refused:
            field_ = f"{refused.field}: " if refused.field else ""
            return self._lost(turn, ask, refused.reason, f"{field_}{refused.message}")
        if (over := over_budget(turn.led, step, turn.planner)) is not None:
            return self._noted(turn, _record(ask, turn.decided, lost=over))
        topic = topics.of_class("steps.planned", step.job.job_class)
        planned = StepPlanned(step=step, decided=turn.decided)
        turn.outputs.append(Emit(topic, planned, identity=_identity(turn.led, ask.unit)))
        return ()

    def _call(self, turn: _Turn, call: Call) -> Sequence[Work]:
        record = turn.led.record
        if (size := len(canonical(call.arguments))) > MAX_ARGUMENT_BYTES:
            message = f"the arguments of {call.function} have {size:,} bytes; at most {MAX_ARGUMENT_BYTES:,} are taken"
            return self._lost(turn, call, "too_large", message)
        planned = call_of(call, record, turn.decided)
        topic = topics.of_class("calls.planned", record.head.job_class)
        turn.outputs.append(Emit(topic, planned, identity=_identity(turn.led, call.unit)))
        return ()

    def _fetch(self, turn: _Turn, fetch: Fetch) -> None:
        record = turn.led.record
        planned = fetch_of(fetch, record, turn.decided)
        topic = topics.of_class("fetches.planned", record.head.job_class)
        turn.outputs.append(Emit(topic, planned, identity=_identity(turn.led, fetch.unit)))

    def _lost(self, turn: _Turn, work: Work, reason: str, message: str) -> Sequence[Work]:
        return self._noted(turn, _record(work, turn.decided, lost=LostRecord(reason=reason, message=message)))

    def _noted(self, turn: _Turn, record: UnitRecord) -> Sequence[Work]:
        key, value, works = turn.led.take(record)
        turn.changes.append(Change(JOBS, key, value))
        return works

    def _closed(self, turn: _Turn, timers: tuple[Timer, ...] = (), *, forced: bool = False) -> Outcome:
        """Write down how far the job has come, or give its result and forget it."""
        led = turn.led
        if not led.over and not forced:
            self._memory.keep(led)
            return Outcome(tuple(turn.outputs), tuple(turn.changes), timers=timers)
        self._memory.drop(led.key)
        finished = publish(result_of(led, at=turn.decided.at, decided=turn.decided), self._metrics)
        if turn.stored is None:
            return Outcome((*turn.outputs, finished))
        # The job first: at least once it may be all that is written, and is what counts.
        keys = (led.key, *(unit_key(led.key, record.unit) for record in led.units[: turn.stored]))
        forgotten = tuple(Change(JOBS, key, None) for key in keys)
        return Outcome((*turn.outputs, finished), forgotten, cleared=() if forced else (_alarm_id(led.key),))

    def _alarm(self, led: Led, since: datetime) -> Timer:
        due = since + self._silence
        return Timer(_alarm_id(led.key), due, led.key, led.record.head.job_class)


def _record(work: Work, decided: Decided, *, output: object = None, lost: LostRecord | None = None) -> UnitRecord:
    """Record what came of a unit at once."""
    unit, cause = work.unit, decided.causes[0]
    return UnitRecord(step_id=unit.step, item=unit.item, output=output, lost=lost, at=decided.at, cause=cause)


def _identity(led: Led, unit: Unit) -> str:
    """Name the beginning of a unit: at least once another event may bring it about, or the same one another unit's."""
    return f"{unit_key(led.key, unit).decode()}\0{led.record.head.conversation_id or ''}"


def _alarm_id(key: bytes) -> str:
    return key.decode()


def _in_time(head: JobHead, seconds: float | None) -> JobHead:
    """Bound a job by the time that its workflow may take, counted from when the job was submitted."""
    if seconds is None:
        return head
    latest = head.submitted_at + timedelta(seconds=seconds)
    if head.deadline is not None and head.deadline <= latest:
        return head
    return head.model_copy(update={"deadline": latest})


def _value(body: Body | None) -> object:
    if body is None:
        return {}
    if not isinstance(body, Inline):
        raise Refused(
            "unsupported_reference", "input", "references to an object store are not supported yet: send it inline"
        )
    return body.inline
