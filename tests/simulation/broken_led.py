"""Ways to break what is promised where jobs go through workflows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from headchef_contracts.events import steps

from headchef import result
from headchef.router import again
from headchef.router.leading import budget, came, earlier, leader, led, remains
from headchef.runtime import state
from headchef.validator import handler as validating
from headchef.workflow.progress import items


def units_not_restored(patch: pytest.MonkeyPatch) -> None:
    restore = state.TaskState.restore

    def without_units(self: state.TaskState, store: str, records: Any) -> None:
        restore(self, store, (record for record in records if store != "jobs" or (record.key or b"").count(b"\0") == 3))

    patch.setattr(state.TaskState, "restore", without_units)


def called_off_forgotten(patch: pytest.MonkeyPatch) -> None:
    called_off: Mapping[str, str] = {}
    patch.setattr(led, "_CALLED_OFF", called_off)


def units_not_written(patch: pytest.MonkeyPatch) -> None:
    close = leader.Leader._closed

    def without_units(self: Any, *about: Any, **more: Any) -> Any:
        outcome = close(self, *about, **more)
        return replace(outcome, changes=tuple(each for each in outcome.changes if each.key.count(b"\0") == 3))

    patch.setattr(leader.Leader, "_closed", without_units)


def one_call_each(patch: pytest.MonkeyPatch) -> None:
    record = came.of_step

    def wrong(step: Any, ended: Any, *about: Any) -> Any:
        return record(step, ended, *about).model_copy(update={"attempts": min(1, ended.attempts)})

    patch.setattr(came, "of_step", wrong)


def rejected_taken(patch: pytest.MonkeyPatch) -> None:
    end = result.ended

    def wrong(*about: Any) -> Any:
        ended = end(*about)
        return ended.model_copy(update={"status": "ok"}) if ended.status == "rejected" else ended

    patch.setattr(validating, "ended", wrong)


def one_loss_is_too_many(patch: pytest.MonkeyPatch) -> None:
    begin = items.Items.__init__

    def wrong(self: Any, *about: Any, **more: Any) -> None:
        begin(self, *about, **more)
        self._may_fail = 0

    patch.setattr(items.Items, "__init__", wrong)


def units_stay(patch: pytest.MonkeyPatch) -> None:
    close = leader.Leader._closed

    def wrong(self: Any, *about: Any, **more: Any) -> Any:
        outcome = close(self, *about, **more)
        kept = tuple(each for each in outcome.changes if each.value is not None or each.key.count(b"\0") == 3)
        return replace(outcome, changes=kept)

    patch.setattr(leader.Leader, "_closed", wrong)


def nothing_reserved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget.Reserved, "but_for", lambda *_: budget.Spent())


def repairs_beyond_the_budget_are_lost(patch: pytest.MonkeyPatch) -> None:
    record = came.of_step

    def wrong(step: Any, ended: Any, decided: Any, catalogue: Any, _: Any) -> Any:
        return record(step, ended, decided, catalogue)

    patch.setattr(came, "of_step", wrong)


def passing_forgotten(patch: pytest.MonkeyPatch) -> None:
    go_on = led.Led.go_on_cheaper

    def wrong(self: Any, *about: Any) -> Any:
        before = self.record
        change = go_on(self, *about)
        self.record = before
        return change

    patch.setattr(led.Led, "go_on_cheaper", wrong)


def time_of_each_item(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, works: Any, at: Any) -> Any:
        self.began |= {work.unit.step: at for work in works}
        return works

    patch.setattr(led.Led, "_begun", wrong)


def time_of_steps_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(steps.Step, "latest", property(lambda self: self.job.deadline))


def no_more_room(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(again, "_larger_limit", lambda *_: None)


def more_room_without_end(patch: pytest.MonkeyPatch) -> None:
    enlarge = again._with_room

    def wrong(step: Any, *about: Any) -> Any:
        return enlarge(step, *about).model_copy(update={"truncations": step.truncations})

    patch.setattr(again, "_with_room", wrong)


def nothing_taken_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(earlier.Earlier, "of", lambda *_: None)


def left_not_listed(patch: pytest.MonkeyPatch) -> None:
    over = remains.Remains.over

    def wrong(self: Any, *about: Any, **more: Any) -> Any:
        return replace(over(self, *about, **more), changes=(), timers=(), cleared=())

    patch.setattr(remains.Remains, "over", wrong)


def paid_for_again(patch: pytest.MonkeyPatch) -> None:
    of = earlier.Earlier.of

    def wrong(self: Any, *about: Any) -> Any:
        found = of(self, *about)
        return found and found.model_copy(update={"attempts": 1})

    patch.setattr(earlier.Earlier, "of", wrong)
