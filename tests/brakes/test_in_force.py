"""A process heeds what the broadcast says, tells whoever watches, and shows what is set."""

import pytest

from headchef.brakes import TOPIC, BrakesInForce
from headchef.runtime.errors import InvalidEvent
from tests.support.braking import make_brake
from tests.support.builders import make_judged
from tests.support.recorded_metrics import RecordedMetrics


async def test_whoever_watches_is_told_until_that_is_ended() -> None:
    in_force, told = BrakesInForce("executor.default", RecordedMetrics()), list[str]()
    assert in_force.broadcast.topic == TOPIC
    end = in_force.watch(lambda: told.append("one"))
    in_force.watch(lambda: told.append("two"))
    await in_force.broadcast.taker(make_brake("pause"))
    assert told == ["one", "two"]
    assert in_force.brakes, "it holds when they are told"
    end()
    await in_force.take(make_brake("resume"))
    assert told == ["one", "two", "two"]


async def test_what_is_set_is_shown() -> None:
    metrics = RecordedMetrics()
    in_force = BrakesInForce("executor.default", metrics)
    assert metrics.reading("headchef.brakes.set") == []
    for event in (make_brake("pause"), make_brake("pause", lane="default"), make_brake("cancel"), make_brake("resume")):
        await in_force.take(event)
    shown = {about["action"]: count for count, about in metrics.reading("headchef.brakes.set")}
    assert shown == {"pause": 1, "cancel": 1}


async def test_another_event_is_refused_and_changes_nothing() -> None:
    in_force = BrakesInForce("executor.default", RecordedMetrics())
    with pytest.raises(InvalidEvent, match="StepJudged in place of BrakeSet"):
        await in_force.take(make_judged())
    assert not in_force.brakes
