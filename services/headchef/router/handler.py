"""The door: turns submitted records into planned steps, plans steps again that come back, and has workflows led.

Consumes jobs.submitted, its entries, their topics of bulk and jobs.commands (raw), steps.judged, calls.ended,
fetches.ended, retrievals.ended, reservations.answered and judgements.planned; produces steps.planned, calls.planned,
fetches.planned and retrievals.planned, all with their topics of bulk, reservations.asked, reviews and jobs.refused; and
jobs.finished for a job that went through a workflow, or whose model failed or was rejected, and that nobody else can be
asked for, or cache.observed where that is a judgement. Where tenants have a budget, it consumes budgets.answered and
produces budgets.booked.
"""

from dataclasses import replace
from datetime import datetime
from functools import partial

from headchef_contracts.events.calls import CallEnded
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.fetches import FetchEnded
from headchef_contracts.events.jobs import Tried
from headchef_contracts.events.judgements import JudgementPlanned
from headchef_contracts.events.reservations import ReservationAnswered
from headchef_contracts.events.retrievals import RetrievalEnded
from headchef_contracts.events.steps import Ended, Step, StepJudged

from headchef import equality
from headchef.bodies import BodiesAtHand
from headchef.catalogue import Catalogue
from headchef.checks import Registry
from headchef.result import Ending, ended, finish, publish
from headchef.router import again, commands, home, judging, policy
from headchef.router.asking import NobodyLeft, planned
from headchef.router.claims import check_claim
from headchef.router.endings import given_up, unpaid
from headchef.router.hashes import payload_hash
from headchef.router.leading import Afforded, Leader, LostRecord, Planner, has_begun, job_of
from headchef.router.overload import OverloadState
from headchef.router.purses import Parked, Till
from headchef.router.referenced import with_values
from headchef.router.refusal import Refused
from headchef.router.submission import MAX_DEPTH, SEEN, Limits, Submission, conflict, read, validate, without_id
from headchef.router.telling import refusal_of
from headchef.runtime.backlog import Backlog
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Change, DeadLetter, Delivery, Emit, Outcome, State
from headchef.runtime.telemetry.metrics import Metrics
from headchef.schema import SchemaCache
from headchef.template import Renderer
from headchef.tenants import TenantsInForce


class RouterHandler:
    """Handles one record at a time, in order.

    Args:
        clock: for the time of decisions.
        metrics: counts jobs taken on and refused.
        renderer: fills templates.
        schemas: compiles output schemas.
        checks: those that jobs may name.
        judges: of equality, likewise.
        limits: how large a record may be.
        max_prompt_bytes: how large a rendered prompt may be.
        backlog: how old the work that waits is, here and downstream.
        overload: decides by it whether new jobs are taken.
        leader: leads jobs through workflows.
        at_hand: has bodies that jobs refer to.
        till: has questions of tenants with a budget paid for.
        tenants: says which entries they are bound to.
        homes: accounts are kept in so many partitions, the first ones.
        catalogue: has the models.

    Attributes:
        catalogue: to be replaced by another one; each record is decided by the one that is there then.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        metrics: Metrics,
        renderer: Renderer,
        schemas: SchemaCache,
        checks: Registry,
        judges: equality.Registry,
        limits: Limits,
        max_prompt_bytes: int,
        backlog: Backlog,
        overload: OverloadState,
        leader: Leader,
        at_hand: BodiesAtHand,
        till: Till,
        tenants: TenantsInForce,
        homes: int,
        catalogue: Catalogue,
    ) -> None:
        self.catalogue = catalogue
        self._clock = clock
        self._metrics = metrics
        self._renderer = renderer
        self._schemas = schemas
        self._checks = checks
        self._judges = judges
        self._limits = limits
        self._max_prompt_bytes = max_prompt_bytes
        self._backlog = backlog
        self._overload = overload
        self._leader = leader
        self._at_hand = at_hand
        self._till = till
        self._tenants = tenants
        self._homes = homes

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Decide what becomes of a record."""
        catalogue = self.catalogue
        if self._till.concerns(delivery):
            resume = partial(self._resume, state=state, planner=self._planner(catalogue))
            return self._till.heard(delivery, state, catalogue, partial(self._decided_by, catalogue), resume)
        decide = partial(self._decided, delivery, catalogue)
        return self._till.passed(self._handled(delivery, state, catalogue), delivery, state, catalogue, decide)

    def _handled(self, delivery: Delivery, state: State, catalogue: Catalogue) -> Outcome:
        """Decide it, as if no tenant had a budget."""
        if delivery.event is not None or delivery.timer is not None:
            return self._go_on(delivery, state, catalogue)
        if delivery.record.value is None:
            return Outcome(counted=("headchef.records.skipped",))
        if delivery.topic == commands.TOPIC:
            return self._command(delivery, delivery.record.value, state, catalogue)
        submission: Submission | None = None
        try:
            submission = read(delivery.record, delivery.record.value, self._limits)
            check_claim(submission, delivery.topic, self._tenants)
            return self._take(submission, delivery, state, catalogue)
        except Refused as refused:
            return self._refuse(refused, submission, delivery, catalogue)

    def _go_on(self, delivery: Delivery, state: State, catalogue: Catalogue) -> Outcome:
        """Decide what becomes of a job that was taken on before."""
        planner = self._planner(catalogue)
        if delivery.timer is not None:
            return self._leader.overdue(delivery.timer, state, partial(self._decided_by, catalogue), planner)
        decided = self._decided(delivery, catalogue)
        match delivery.event:
            case CallEnded() | FetchEnded() | RetrievalEnded() | ReservationAnswered() as came:
                return self._leader.other_ended(came, state, decided, planner)
            case JudgementPlanned() as asked:
                return judging.take(asked, delivery, state, decided, planner, self._overloaded(), self._homes)
            case StepJudged(ended=Ended() as came) as judged:
                return self._leader.step_ended(judged.step, came, state, decided, planner)
            case StepJudged() as judged if judged.step.workflow is not None and not self._leader.knows(
                judged.step.job, state
            ):
                return Outcome(counted=("headchef.steps.stray",))
            case StepJudged() as judged:
                return self._plan_again(judged, state, decided, planner)
            case _:
                raise InvariantBroken(f"the router reads no {type(delivery.event).__name__}")

    def _command(self, delivery: Delivery, value: bytes, state: State, catalogue: Catalogue) -> Outcome:
        """Decide what becomes of a command: at the home of its job, what it says."""
        try:
            command = commands.command_of(delivery.record, value, self._limits.max_header_bytes)
            knows = partial(self._leader.knows, job_of(command), state)
            forward = commands.forward(delivery.record, command, delivery.partitions, knows)
        except Refused as refused:
            self._metrics.count("headchef.commands.refused", attributes={"reason": refused.reason})
            return Outcome((DeadLetter(refused.reason, refused.field, refused.message),))
        if forward is not None:
            return Outcome((forward,))
        decided = self._decided(delivery, catalogue)
        return self._leader.review_decided(command, state, decided, self._planner(catalogue))

    def _resume(
        self, parked: Parked, refusal: str | None, decided: Decided, *, state: State, planner: Planner
    ) -> Outcome:
        """Go on with a question that has waited for its tenant's budget, or end it where that does not allow it."""
        decided = decided.model_copy(update={"causes": tuple(dict.fromkeys((parked.cause, *decided.causes)))})
        event = parked.event
        led, known = event.step.workflow is not None, self._leader.knows(event.step.job, state)
        if led and not known:
            return Outcome(counted=("headchef.steps.stray",))
        if isinstance(event, StepJudged):
            return self._plan_again(event, state, decided, planner, refusal, counted=True)
        if led and (withdrawn := self._leader.withdrawn(event.step, state, decided, planner)) is not None:
            return withdrawn
        if refusal is None:
            return Outcome((planned(event.step, event.decided, parked.identity),))
        return self._ended(event.step, *unpaid(event.step, refusal), state, decided, planner)

    def _plan_again(
        self,
        judged: StepJudged,
        state: State,
        decided: Decided,
        planner: Planner,
        refusal: str | None = None,
        *,
        counted: bool = False,
    ) -> Outcome:
        """Plan a step again, or end it: where nobody is left, or its tenant's budget does not allow it (`refusal`)."""
        if judged.failed is None:
            led = judged.step.workflow is not None
            if led and (withdrawn := self._leader.withdrawn(judged.step, state, decided, planner)) is not None:
                return withdrawn
            if refusal is not None:
                return self._ended(judged.step, *unpaid(judged.step, refusal), state, decided, planner)
            return Outcome((planned(again.replan(judged.step), decided),), counted=("headchef.steps.replanned",))
        failed = judged.failed
        following = NobodyLeft(refusal) if refusal else self._after(judged, failed, planner.catalogue, decided.at)
        changes: tuple[Change, ...] = ()
        if isinstance(following, Step) and following.workflow is not None:
            afforded = self._leader.afforded(following, state, planner)
            if isinstance(afforded, LostRecord):
                came = ended(judged.step, failed, Ending("failed", findings=failed.findings, failure=failed.failure))
                return self._leader.step_ended(judged.step, came, state, decided, planner, afforded)
            following, changes = (afforded.step, afforded.changes) if isinstance(afforded, Afforded) else (afforded, ())
        if isinstance(following, NobodyLeft):
            return self._ended(judged.step, failed, given_up(judged, failed, following), state, decided, planner)
        if not counted:
            name, about = again.measure(failed, following)
            self._metrics.count(name, attributes=about)
        return Outcome((planned(following, decided),), changes)

    def _ended(
        self, step: Step, last: Tried, ending: Ending, state: State, decided: Decided, planner: Planner
    ) -> Outcome:
        """End a step of a workflow, or a job that is one question."""
        if step.workflow is not None:
            return self._leader.step_ended(step, ended(step, last, ending), state, decided, planner)
        finished = finish(step, last, ending, at=decided.at, decided=decided)
        return Outcome((publish(finished, self._metrics, self._homes),))

    def _after(self, judged: StepJudged, failed: Tried, catalogue: Catalogue, now: datetime) -> Step | NobodyLeft:
        limit = self._max_prompt_bytes
        return again.after(judged, failed, catalogue=catalogue, max_prompt_bytes=limit, now=now)

    def _take(self, submission: Submission, delivery: Delivery, state: State, catalogue: Catalogue) -> Outcome:
        record = delivery.record
        if submission.job_id is None:
            raise without_id(submission)
        forward = home.forward(record, submission.job_id, submission.conversation_id, delivery.partitions)
        if forward is not None:
            return Outcome((forward,))
        key, content = submission.seen_key, payload_hash(submission.payload)
        seen = None if key is None else state.get(SEEN, key)
        if seen == content:
            return Outcome(counted=("headchef.jobs.duplicates",))
        job = validate(submission, record.headers)
        if seen is not None:
            raise conflict(submission.job_id, job.run, job.revision)
        if key is None:
            raise AssertionError("the contract took a run or revision that is not a whole number")
        if (overloaded := self._overloaded()) is not None:
            raise Refused("overloaded", None, overloaded)
        job = with_values(job, self._at_hand, MAX_DEPTH)
        head = policy.head_of(
            job,
            job_class=policy.class_of(job, delivery.topic),
            home_partition=record.partition,
            submitted_at=home.submitted_at(record, delivery.received_at),
        )
        if (is_same := has_begun(job, head, delivery, state, self._at_hand)) is not None:
            if not is_same:
                raise conflict(submission.job_id, job.run, job.revision)
            return Outcome(counted=("headchef.jobs.duplicates",))
        decided, planner = self._decided(delivery, catalogue), self._planner(catalogue)
        taken_on = Change(SEEN, key, content)
        if job.workflow is None:
            begun = Outcome((planned(planner.plan(job, head), decided),), (taken_on,))
        else:
            led = self._leader.begin(job, head, state, decided, planner)
            begun = replace(led, changes=(*led.changes, taken_on))
        self._metrics.count("headchef.jobs.accepted", attributes={"class": head.job_class})
        return begun

    def _overloaded(self) -> str | None:
        return self._overload.look(self._backlog.oldest, self._clock.now().timestamp())

    def _planner(self, catalogue: Catalogue) -> Planner:
        return Planner(catalogue, self._schemas, self._checks, self._judges, self._renderer, self._max_prompt_bytes)

    def _refuse(
        self, refused: Refused, submission: Submission | None, delivery: Delivery, catalogue: Catalogue
    ) -> Outcome:
        event = refusal_of(refused, submission, delivery, self._decided(delivery, catalogue))
        letter = DeadLetter(refused.reason, refused.field, refused.message)
        self._metrics.count("headchef.jobs.refused", attributes={"reason": refused.reason})
        return Outcome((letter, Emit("jobs.refused", event)))

    def _decided(self, delivery: Delivery, catalogue: Catalogue) -> Decided:
        return self._decided_by(catalogue, (delivery.cause,))

    def _decided_by(self, catalogue: Catalogue, causes: tuple[Cause, ...]) -> Decided:
        at, version = self._clock.now(), policy.POLICY_VERSION
        return Decided(at=at, seed=0, catalog_version=catalogue.version, policy_version=version, causes=causes)
