"""Ways to break what brakes promise."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import pytest

from headchef_contracts.events.brakes import BrakeSet
from headchef_contracts.events.common import Decided, Event
from headchef_contracts.events.steps import StepCompleted

from headchef.brakes import Brakes, BrakesInForce
from headchef.executor.handler import ExecutorHandler
from headchef.executor.hold import StepHold
from headchef.executor.policy import GiveUp
from headchef.executor.provider import Answered
from headchef.executor.record import StepRecord
from headchef.executor.waiting import Waiting
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Delivery, Outcome, Stop
from headchef.runtime.timers import Alarm

_LATE_S = 4.0


def heeded_late(patch: pytest.MonkeyPatch) -> None:
    take = BrakesInForce.take

    async def wrong(self: BrakesInForce, event: Event) -> None:
        await asyncio.sleep(_LATE_S)
        await take(self, event)

    patch.setattr(BrakesInForce, "take", wrong)


def retries_not_stopped(patch: pytest.MonkeyPatch) -> None:
    """Call a paused step again that was called before."""
    stop_of, put_off = StepHold.stop_of, ExecutorHandler._put_off

    def lets_timers_go(self: StepHold, record: Record) -> Stop | None:
        return None if (record.value or b"").startswith(b'{"v":') else stop_of(self, record)

    patch.setattr(StepHold, "stop_of", lets_timers_go)

    def wrong(self: ExecutorHandler, waiting: Waiting, pause_s: float) -> object:
        return None if waiting.calls.count else put_off(self, waiting, pause_s)

    patch.setattr(ExecutorHandler, "_put_off", wrong)


def forgotten_when_resumed(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Alarm, keys: Iterable[bytes]) -> None:
        """Let what was set aside lie there."""

    patch.setattr(Alarm, "again", wrong)


def cancelled_without_a_result(patch: pytest.MonkeyPatch) -> None:
    settle = ExecutorHandler.settle

    async def wrong(self: ExecutorHandler, delivery: Delivery) -> Outcome:
        outcome = await settle(self, delivery)
        return outcome if outcome.timers else Outcome()

    patch.setattr(ExecutorHandler, "settle", wrong)


def cancelled_as_if_free(patch: pytest.MonkeyPatch) -> None:
    """Forget what was paid for a job before it was cancelled."""
    complete = StepRecord.complete

    def wrong(self: StepRecord, end: Answered | GiveUp, decided: Decided) -> StepCompleted:
        completed = complete(self, end, decided)
        cancelled = completed.failure is not None and completed.failure.reason == "cancelled"
        return completed.model_copy(update={"cost_usd": Decimal(0)}) if cancelled else completed

    patch.setattr(StepRecord, "complete", wrong)


def later_jobs_cancelled(patch: pytest.MonkeyPatch) -> None:
    cancel_of = Brakes.cancel_of

    def wrong(self: Brakes, scopes: Iterable[str], submitted_at: datetime) -> BrakeSet | None:
        return cancel_of(self, scopes, datetime.min.replace(tzinfo=submitted_at.tzinfo))

    patch.setattr(Brakes, "cancel_of", wrong)
