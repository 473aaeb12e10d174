"""Ways to break what holds where a lane does not use all of its partitions."""

from dataclasses import replace

import pytest

from headchef.executor import handler, moving
from headchef.executor.hold import StepHold
from headchef.executor.lane.lane import Lane
from headchef.runtime.log.port import Record
from headchef.runtime.processor import Stop


def stays(patch: pytest.MonkeyPatch) -> None:
    """Leave each step where it lies."""
    stop_of = StepHold.stop_of

    def wrong(self: StepHold, record: Record) -> Stop | None:
        stop = stop_of(self, record)
        return None if stop == "moves" else stop

    patch.setattr(StepHold, "stop_of", wrong)


def every_task_has_a_part(patch: pytest.MonkeyPatch) -> None:
    """Divide the quota by the tasks in use, and give a part to all."""
    own = Lane._own

    def wrong(self: Lane) -> None:
        own(self)
        self._pool.own(len(self._tasks), min(self._of, self.active.count or self._of), self._clock.monotonic())

    patch.setattr(Lane, "_own", wrong)


def moved_to_any_partition(patch: pytest.MonkeyPatch) -> None:
    """Dispatch a step that moves as if all partitions were in use."""
    moved = moving.moved
    patch.setattr(handler, "moved", lambda *told: replace(moved(*told), among=None))


def begins_anew(patch: pytest.MonkeyPatch) -> None:
    """Forget what the calls of a step came to that is moved."""
    patch.setattr(moving, "_begun", lambda _: None)
