"""What was said last of a scope holds: pauses until they are lifted, cancels for what came before them."""

from datetime import timedelta
from typing import Any

import pytest

from headchef.brakes import Brakes, said, scopes
from tests.support.braking import make_brake
from tests.support.builders import NOON, make_head

JOB = make_head("job-1", tenant="acme", batch_id="spring", labels={"team": "blue", "site": "b=1"})
MINE: list[dict[str, Any]] = [
    {"tenant": "acme"},
    {"batch_id": "spring"},
    {"tenant": "acme", "batch_id": "spring"},
    {"lane": "default"},
    {"labels": {"team": "blue"}},
    {"labels": {"site": "b=1"}},
    {"tenant": "acme", "job_id": "job-1"},
]
OTHERS: list[dict[str, Any]] = [
    {"tenant": "other"},
    {"batch_id": "summer"},
    {"tenant": "other", "batch_id": "spring"},
    {"lane": "other"},
    {"labels": {"team": "red"}},
    {"labels": {"squad": "blue"}},
    {"tenant": "other", "job_id": "job-1"},
]


def braked(brakes: Brakes) -> tuple[bool, bool]:
    """Say whether the job is paused, and cancelled."""
    mine = scopes(JOB, "default")
    return brakes.pause_of(mine) is not None, brakes.cancel_of(mine, JOB.submitted_at) is not None


@pytest.mark.parametrize("scope", MINE)
def test_a_pause_holds_until_it_is_lifted(scope: dict[str, Any]) -> None:
    brakes = Brakes()
    assert (bool(brakes), braked(brakes)) == (False, (False, False))
    brakes.take(make_brake("pause", **scope))
    assert (bool(brakes), braked(brakes)) == (True, (True, False))
    brakes.take(make_brake("resume", **scope))
    assert (bool(brakes), braked(brakes)) == (False, (False, False))


@pytest.mark.parametrize("scope", OTHERS)
def test_what_is_said_of_others_is_nothing_to_a_job(scope: dict[str, Any]) -> None:
    brakes = Brakes()
    brakes.take(make_brake("pause", **scope))
    brakes.take(make_brake("cancel", **scope))
    assert braked(brakes) == (False, False)


def test_a_job_goes_on_when_all_its_pauses_are_lifted() -> None:
    brakes = Brakes()
    for scope in MINE:
        brakes.take(make_brake("pause", **scope))
    for scope in MINE:
        assert braked(brakes) == (True, False)
        brakes.take(make_brake("resume", **scope))
    assert braked(brakes) == (False, False)


@pytest.mark.parametrize(("after_s", "cancelled"), [(-0.001, False), (0, True), (60, True)])
def test_a_cancel_concerns_what_was_submitted_before_it(after_s: float, cancelled: bool) -> None:
    brakes = Brakes()
    brakes.take(make_brake("cancel", set_at=NOON + timedelta(seconds=after_s)))
    assert braked(brakes) == (False, cancelled)


def test_neither_a_pause_nor_a_resume_undoes_a_cancel() -> None:
    brakes = Brakes()
    for action in ("cancel", "pause", "resume"):
        brakes.take(make_brake(action))
        assert braked(brakes) == (action == "pause", True)
    assert [each.action for each in brakes] == ["cancel"]


def test_the_last_cancel_of_a_scope_counts() -> None:
    brakes = Brakes()
    brakes.take(make_brake("cancel", set_at=NOON - timedelta(hours=1)))
    assert braked(brakes) == (False, False)
    brakes.take(make_brake("cancel"))
    assert braked(brakes) == (False, True)
    assert len(list(brakes)) == 1


def test_it_is_said_in_words() -> None:
    assert said(make_brake("cancel", because="wrong prices")) == "tenant=acme was cancelled by ann@desk-7: wrong prices"
    assert said(make_brake("pause", lane="default")) == "lane=default was paused by ann@desk-7"
