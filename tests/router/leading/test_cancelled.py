"""Which timers of a router go off at once at a cancel: those of reviews of the jobs that it concerns."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from headchef_contracts.events.brakes import BrakeAction, BrakeScope, BrakeSet, brake_of

from headchef.brakes import BrakesInForce
from headchef.router.leading import CancelledReviews
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Timer
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.timers import fallen_due
from tests.router.leading.kitchen import Kitchen, echo, written
from tests.support.builders import NOON, make_delivery

STEPS = "  - {id: last, human: {review: a page, within: 60, otherwise: reject}}"
AFTER = NOON + timedelta(hours=1)


async def timers(folder: Path, tenant: str = "acme") -> dict[bool, Timer]:
    """Give the timers of a job that waits: that of its review, and the other."""
    kit = Kitchen(echo)
    await kit.publish(written(folder, STEPS))
    await kit.submit(tenant=tenant)
    return {timer.id.startswith("\0\0"): timer for timer in kit.timers.values()}


def said(action: BrakeAction, scope: BrakeScope, at: datetime = AFTER) -> BrakeSet:
    return BrakeSet(brake=brake_of(action, scope), action=action, scope=scope, by="bob", set_at=at)


@pytest.mark.parametrize("tenant", ["acme", "review"])
@pytest.mark.parametrize(
    ("action", "of", "at", "stop"),
    [
        ("cancel", {"tenant": True}, AFTER, "ends"),
        ("cancel", {"tenant": True, "job_id": "job-1"}, AFTER, "ends"),
        ("cancel", {"tenant": True, "job_id": "job-2"}, AFTER, None),
        ("cancel", {"tenant": True}, NOON - timedelta(hours=1), None),
        ("pause", {"tenant": True}, AFTER, None),
    ],
)
async def test_a_cancel_ends_the_reviews_of_its_jobs(
    tmp_path: Path, tenant: str, action: BrakeAction, of: dict[str, str | bool], at: datetime, stop: str | None
) -> None:
    in_force = BrakesInForce("router", Metrics())
    hold = CancelledReviews(in_force)
    assert not hold.stops_any()
    heard: list[bool] = []
    end = hold.watch(lambda: heard.append(True))
    scope = BrakeScope.model_validate(of | {"tenant": tenant})
    await in_force.take(said(action, scope, at))
    assert (hold.stops_any(), heard) == (True, [True])
    both = await timers(tmp_path, tenant)
    assert hold.stop_of(fallen_due("timers", 0, both[True], ())) == stop
    assert hold.stop_of(fallen_due("timers", 0, both[False], ())) is None
    assert hold.stop_of(make_delivery(value=b"no timer").record) is None
    end()
    await in_force.take(said("resume", scope))
    assert heard == [True]


async def test_nothing_is_settled_beside_the_handler() -> None:
    with pytest.raises(InvariantBroken, match="nothing of a router is settled beside its handler"):
        await CancelledReviews(BrakesInForce("router", Metrics())).settle(make_delivery(value=b"x"))
