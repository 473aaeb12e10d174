"""Ways to break what is promised of values that one job alone may have."""

from dataclasses import replace
from typing import Any

import pytest

from headchef import unique
from headchef.accounts.reservations import policy
from headchef.accounts.reservations.policy import Known
from headchef.router.leading import came, leader
from headchef.runtime import state


def holders_not_restored(patch: pytest.MonkeyPatch) -> None:
    restore = state.TaskState.restore

    def without_holders(self: state.TaskState, store: str, records: Any) -> None:
        restore(self, store, () if store == "holders" else records)

    patch.setattr(state.TaskState, "restore", without_holders)


def nothing_given_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leader, "given_back", lambda *_: ())


def what_was_given_not_remembered(patch: pytest.MonkeyPatch) -> None:
    record = came.of_other

    def wrong(*about: Any) -> Any:
        return record(*about).model_copy(update={"reserved": None})

    patch.setattr(came, "of_other", wrong)


def a_run_gives_back_for_all(patch: pytest.MonkeyPatch) -> None:
    release = policy.release

    def wrong(known: Known, job_id: str, claim: Any, *, earlier: bool) -> Known:
        after = release(known, job_id, claim, earlier=earlier)
        is_its = known.holder is not None and known.holder.job_id == job_id
        return replace(after, holder=None) if is_its else after

    patch.setattr(policy, "release", wrong)


def the_last_to_ask_has_it(patch: pytest.MonkeyPatch) -> None:
    ask = policy.ask
    patch.setattr(policy, "ask", lambda _, *about: ask(Known(), *about))


def homes_as_many_as_partitions(patch: pytest.MonkeyPatch) -> None:
    begin = leader.Leader.__init__

    def wrong(self: Any, **about: Any) -> None:
        begin(self, **{**about, "homes": 1_000})

    patch.setattr(leader.Leader, "__init__", wrong)


def every_way_to_write_it_another(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(unique, "compared", lambda value: value)
