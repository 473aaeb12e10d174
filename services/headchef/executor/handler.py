"""Calls the model that a step was given, tries again later within the policy, and records every attempt.

Consumes steps.dispatched.<lane> and steps.dispatched.<lane>.bulk, produces attempts.recorded and steps.completed, and
dispatches a step again that lies in a partition which its lane does not use any more.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from headchef_contracts.events.common import Body, Cause, Decided, Ref
from headchef_contracts.events.steps import AttemptRecorded, ModelRequest, StepDispatched

from headchef.bodies import Bodies, BodyUnusable
from headchef.brakes import Brakes, said, scopes
from headchef.catalogue import Model
from headchef.executor.account import Equip, Equipment
from headchef.executor.lane.port import Quota
from headchef.executor.moving import arrived, moved
from headchef.executor.policy import POLICY_VERSION, Again, GiveUp, RetryPolicy, Standing, decide, hold
from headchef.executor.provider import Answered, Faulted, Provider, Question, Reply, Turn
from headchef.executor.record import StepRecord
from headchef.executor.waiting import Waiting, read, write
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.log.port import Record
from headchef.runtime.permit import Permit
from headchef.runtime.processor import Delivery, Emit, Outcome, State, Timer
from headchef.runtime.telemetry.gen_ai import ModelCall, model_call
from headchef.runtime.telemetry.metrics import Metrics

_STOPPED_S = 0.1
"""After which a step asks again that was stopped just before its call; most are stopped before they come so far."""

_NO_STORE = "a message lies in an object store, and none is set here: set HEADCHEF_BODIES for this executor"
_NO_IMAGE = "an image is given by reference; this executor takes images in the event, or by their address, only"


class ExecutorHandler:
    """Handles steps concurrently; a step that is to be tried again waits as a timer, and holds no place meanwhile.

    Args:
        lane: whose steps come here.
        equip: lends models, prices and the lane's provider, the same for the whole of a delivery.
        retry: limits of trying again.
        clock: for time-outs, deadlines and pauses.
        random: for the jitter of pauses and the ids of attempts.
        permit: asked before each call.
        brakes: looked at before each call.
        quota: told of each call and what came of it.
        metrics: takes durations, tokens, attempts and cost.
        bodies: reads messages that are not in the event; None where no store is set.
    """

    def __init__(
        self,
        *,
        lane: str,
        equip: Equip,
        retry: RetryPolicy,
        clock: Clock,
        random: Random,
        permit: Permit,
        brakes: Brakes,
        quota: Quota,
        metrics: Metrics,
        bodies: Bodies | None = None,
    ) -> None:
        self._lane = lane
        self._equip = equip
        self._retry = retry
        self._clock = clock
        self._random = random
        self._permit = permit
        self._brakes = brakes
        self._quota = quota
        self._metrics = metrics
        self._bodies = bodies
        self._in_flight = 0
        metrics.gauge("headchef.provider.in_flight", lambda: [(self._in_flight, {"lane": lane})])

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Make one call for a step: its answer, or why it failed for good, or a timer for the next try.

        Raises:
            InvariantBroken: the topic held another event.
            StoreAway: a message cannot be read just now; no call was made.
        """
        timer_id, waiting = self._waiting(delivery)
        async with self._equip() as equipment:
            record = _record(waiting, equipment)
            end = await self._reply(delivery.record, record, equipment.provider, waiting)
        return self._outcome(timer_id, record, waiting, end)

    async def settle(self, delivery: Delivery) -> Outcome:
        """Decide without a call what becomes of a step that is stopped: its end, its move, or a timer due at once.

        Raises:
            InvariantBroken: the topic held another event.
        """
        timer_id, waiting = self._waiting(delivery)
        async with self._equip() as equipment:
            record = _record(waiting, equipment)
            active = equipment.catalogue.lanes[self._lane].active_partitions
        end: Again | GiveUp | None = self._cancelled(waiting)
        if end is None and active is not None and delivery.record.partition >= active and not self._paused(waiting):
            self._metrics.count("headchef.steps.moved", attributes={"lane": self._lane})
            decided = self._decided(waiting.cause, record.catalog_version)
            return Outcome((moved(waiting, self._lane, active, decided),))
        # One that has waited already must not be due again at the very moment at which it was.
        pause_s = 0.0 if delivery.timer is None else _STOPPED_S
        return self._outcome(timer_id, record, waiting, end or self._put_off(waiting, pause_s))

    def _waiting(self, delivery: Delivery) -> tuple[str, Waiting]:
        """Give a step as far as it has come, and the id of the timer that it waits as."""
        if (timer := delivery.timer) is not None:
            late_s = max(0.0, (delivery.received_at - timer.due).total_seconds())
            return timer.id, _later(read(timer.payload), late_s)
        event = delivery.event
        if not isinstance(event, StepDispatched):
            raise InvariantBroken(f"{delivery.topic} holds {type(event).__name__}, expected StepDispatched")
        return delivery.event_id, arrived(event, delivery.cause, self._clock.now())

    def _outcome(self, timer_id: str, record: StepRecord, waiting: Waiting, end: Answered | Again | GiveUp) -> Outcome:
        attempts = tuple(map(self._recorded, record.attempts))
        if isinstance(end, Again):
            again = replace(waiting, retry=end.state, calls=record.sum_up(), refusals=end.refusals)
            due, job_class = self._clock.now() + timedelta(seconds=end.delay_s), again.dispatched.step.job.job_class
            timer = Timer(timer_id, due, write(again), job_class)
            return Outcome(attempts, timers=(timer,))
        completed = record.complete(end, self._decided(waiting.cause, record.catalog_version))
        return Outcome((*attempts, Emit("steps.completed", completed)))

    async def _reply(
        self, source: Record, record: StepRecord, provider: Provider, waiting: Waiting
    ) -> Answered | Again | GiveUp:
        step, model = waiting.dispatched.step, record.model
        if (cancelled := self._cancelled(waiting)) is not None:
            return cancelled
        if model is None or model.lane != self._lane:
            message = f"catalogue {record.catalog_version} has no model {step.request.model!r} on lane {self._lane!r}"
            return GiveUp("unknown_model", message)
        if not model.takes_images and any(message.images for message in step.request.messages):
            # Some endpoints would leave the images out and answer all the same.
            message = f"in catalogue {record.catalog_version} the model {model.name!r} takes no images"
            return GiveUp("unknown_model", message)
        try:
            async with self._reading(source, step.request):
                question = await self._question(step.job.tenant, step.request, model)
        except BodyUnusable as error:
            return GiveUp("provider_refused_request", error.message)
        call = provider.prepare(question)
        await self._permit.wait()
        if (barred := self._barred(source, model, waiting)) is not None:
            return barred
        self._quota.calling(source, model.name)
        reply = await self._make(record, question, lambda: provider.ask(call), waiting.cause)
        self._quota.called(source, reply)
        if isinstance(reply, Answered):
            return reply
        refusals = waiting.refusals
        standing = Standing(
            now_s=self._clock.now().timestamp(),
            left_s=self._left_s(step.latest),
            draw=self._random.random(),
            still_s=self._quota.still_s(model.name),
            answered=refusals.last_s is not None and self._quota.answered_since(model.name, refusals.last_s),
        )
        return decide(self._retry, waiting.retry, refusals, reply, standing)

    def _reading(self, source: Record, request: ModelRequest) -> AbstractAsyncContextManager[None]:
        """Hold none of the quota while messages are read that are not in the event: that may take seconds."""
        elsewhere = any(isinstance(message.content, Ref) for message in request.messages)
        return self._quota.reading(source) if elsewhere else nullcontext()

    async def _question(self, tenant: str, request: ModelRequest, model: Model) -> Question:
        """Put the request into the port's words. Raises BodyUnusable where a message or an image cannot be had."""
        turns: list[Turn] = []
        for message in request.messages:
            if not all(image.url or image.base64 for image in message.images):
                raise BodyUnusable("no_bodies", _NO_IMAGE)
            text = str(await self._value(tenant, message.content))
            turns.append(Turn(message.role, text, message.images, message.static_characters))
        return Question(model, turns, request.parameters, request.output_schema)

    async def _value(self, tenant: str, body: Body) -> object:
        if not isinstance(body, Ref):
            return body.inline
        if self._bodies is None:
            raise BodyUnusable("no_bodies", _NO_STORE)
        return await self._bodies.get(tenant, body.ref)

    def _barred(self, source: Record, model: Model, waiting: Waiting) -> Again | GiveUp | None:
        """Say what becomes of a step for which no call may begin just now; None where one may."""
        step = waiting.dispatched.step
        if (cancelled := self._cancelled(waiting)) is not None:
            return cancelled
        left_s = self._left_s(step.latest)
        if left_s is not None and left_s <= 0:
            return GiveUp("deadline_exceeded", f"the deadline {step.latest} had passed before the call")
        if self._paused(waiting):
            return self._put_off(waiting, _STOPPED_S)
        if (held_s := self._quota.held_s(source, model.name)) > 0:
            return hold(waiting.retry, waiting.refusals, held_s, left_s)
        return None

    def _cancelled(self, waiting: Waiting) -> GiveUp | None:
        if not self._brakes:
            return None
        job = waiting.dispatched.step.job
        cancel = self._brakes.cancel_of(scopes(job, self._lane), job.submitted_at)
        return None if cancel is None else GiveUp("cancelled", said(cancel))

    def _paused(self, waiting: Waiting) -> bool:
        job = waiting.dispatched.step.job
        return bool(self._brakes) and self._brakes.pause_of(scopes(job, self._lane)) is not None

    def _put_off(self, waiting: Waiting, pause_s: float) -> Again | GiveUp:
        left_s = self._left_s(waiting.dispatched.step.latest)
        return hold(waiting.retry, waiting.refusals, pause_s, left_s, "it was paused")

    async def _make(
        self, record: StepRecord, question: Question, ask: Callable[[], Awaitable[Reply]], cause: Cause
    ) -> Reply:
        job, model, parameters = record.dispatched.step.job, question.model, question.parameters
        asked = ModelCall(
            model.provider, model.provider_model, job.job_id, parameters.temperature, parameters.max_output_tokens
        )
        started_at, began_s = self._clock.now(), self._clock.monotonic()
        self._in_flight += 1
        try:
            with model_call(asked, self._metrics, self._clock) as going_on:
                reply = await ask()
                if isinstance(reply, Faulted):
                    going_on.usage = reply.usage
                    going_on.failed(reply.outcome)
                else:
                    going_on.answered(
                        usage=reply.usage,
                        finish_reason=reply.finish_reason,
                        response_model=reply.provider_model,
                        response_id=reply.request_id,
                    )
        finally:
            self._in_flight -= 1
        duration_s = max(0.0, self._clock.monotonic() - began_s)
        decided = self._decided(cause, record.catalog_version)
        attempt = record.add(reply, started_at=started_at, duration_s=duration_s, decided=decided)
        self._count(attempt)
        return reply

    def _count(self, attempt: AttemptRecorded) -> None:
        about = {"lane": self._lane, "model": attempt.model}
        self._metrics.count("headchef.provider.attempts", attributes={**about, "outcome": attempt.outcome})
        if attempt.cost_usd is not None:
            tenant = {"tenant": attempt.job.tenant}
            self._metrics.count("headchef.provider.cost", float(attempt.cost_usd), about | tenant)
        if (usage := attempt.usage) is not None:
            for use, tokens in (("read", usage.cached_input_tokens), ("write", usage.cache_write_input_tokens)):
                if tokens:
                    self._metrics.count("headchef.provider.cache_tokens", tokens, about | {"use": use})

    def _recorded(self, attempt: AttemptRecorded) -> Emit:
        """Publish a call under an id of its own: a step that is delivered again is paid again, and is no repeat."""
        return Emit("attempts.recorded", attempt, identity=f"{self._random.getrandbits(128):032x}")

    def _left_s(self, deadline: datetime | None) -> float | None:
        return None if deadline is None else (deadline - self._clock.now()).total_seconds()

    def _decided(self, cause: Cause, catalog_version: str) -> Decided:
        return Decided(
            at=self._clock.now(),
            seed=0,
            catalog_version=catalog_version,
            policy_version=POLICY_VERSION,
            causes=(cause,),
        )


def _record(waiting: Waiting, equipment: Equipment) -> StepRecord:
    model = equipment.catalogue.models.get(waiting.dispatched.step.request.model)
    return StepRecord(waiting.dispatched, model, equipment.catalogue.version, waiting.calls)


def _later(waiting: Waiting, late_s: float) -> Waiting:
    """Leave out of the window what the lane or a restart made a step wait beyond its pause."""
    return replace(waiting, retry=replace(waiting.retry, started_s=waiting.retry.started_s + late_s))
