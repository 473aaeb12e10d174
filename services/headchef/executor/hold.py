"""Tells the runtime which steps must not stand in line for the quota: under a brake, or where it has no part."""

from collections.abc import Callable
from datetime import datetime

from headchef_contracts.events.brakes import scopes_of

from headchef.brakes import Brakes, BrakesInForce
from headchef.executor.dialects.values import mapping
from headchef.executor.handler import ExecutorHandler
from headchef.executor.lane.active import ActivePartitions
from headchef.executor.peeking import step_in
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Delivery, Hold, Outcome, Stop


class StepHold(Hold):
    """Implements the runtime's `Hold` for the steps of a lane.

    Args:
        in_force: the brakes.
        active: the lane's partitions that have a share of its quota.
        handler: says what becomes of a step that is stopped.
    """

    def __init__(self, in_force: BrakesInForce, active: ActivePartitions, handler: ExecutorHandler) -> None:
        self._in_force = in_force
        self._active = active
        self._handler = handler

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have somebody told when the brakes change, or the partitions in use."""
        ends = self._in_force.watch(changed), self._active.watch(changed)

        def end() -> None:
            for each in ends:
                each()

        return end

    def stops_any(self) -> bool:
        """Say whether a brake is set, or not all partitions are in use."""
        return bool(self._in_force.brakes) or self._active.count is not None

    def stop_of(self, record: Record) -> Stop | None:
        """Hold the brakes against the step in a record, and then look where it lies: what is paused need not move."""
        brakes = self._in_force.brakes
        if brakes and (stop := _stop_of(record, brakes)) is not None:
            return stop
        return None if self._active.has(record.partition) else "moves"

    async def settle(self, delivery: Delivery) -> Outcome:
        """End a step that is cancelled, and move one that lies where nothing is paid for; another waits as a timer."""
        return await self._handler.settle(delivery)


def _stop_of(record: Record, brakes: Brakes) -> Stop | None:
    step = step_in(record)
    job = mapping(step.get("job"))
    scopes = list(
        scopes_of(
            tenant=job.get("tenant", "default"),
            job_id=job.get("job_id"),
            batch_id=job.get("batch_id"),
            labels=mapping(job.get("labels")),
            lane=mapping(step.get("request")).get("lane"),
        )
    )
    submitted_at = _time(job.get("submitted_at"))
    if submitted_at is not None and brakes.cancel_of(scopes, submitted_at) is not None:
        return "ends"
    return "waits" if brakes.pause_of(scopes) is not None else None


def _time(text: object) -> datetime | None:
    """Read a time; one that is none makes the record a dead letter, for which no brake is needed."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else None
