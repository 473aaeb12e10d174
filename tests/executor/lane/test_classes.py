"""At a lane interactive steps begin before bulk ones, which have their share, and leave something while alone."""

import asyncio

from headchef_contracts.events.common import JobClass

from headchef.runtime.log.port import Record
from tests.executor.lane.test_lane import Desk, record

CLASSES: tuple[JobClass, ...] = ("bulk", "interactive")


class Line:
    """Dispatchers that always have a step of a class, each with its own event."""

    def __init__(self, desk: Desk, **steps: int) -> None:
        self.desk = desk
        self.wakes = {job_class: [asyncio.Event() for _ in range(steps.get(job_class, 0))] for job_class in CLASSES}
        self.going_on: list[Record] = []

    def ask(self) -> list[JobClass]:
        """Have all ask once, bulk first, and give the classes of those that began."""
        begun: list[JobClass] = []
        for job_class in CLASSES:
            for wake in self.wakes[job_class]:
                step = self.desk.begin(1, wake, job_class)
                if step is not None:
                    self.going_on.append(step)
                    begun.append(job_class)
        return begun

    def end_one(self) -> None:
        """Have the oldest one end."""
        self.desk.lane.release(self.going_on.pop(0))


def test_bulk_has_one_of_ten_starts_while_interactive_steps_wait() -> None:
    desk = Desk(places=1)
    occupied = desk.begin()
    assert occupied is not None
    line = Line(desk, bulk=1, interactive=1)
    line.going_on.append(occupied)
    begun: list[JobClass] = []
    assert line.ask() == []
    for _ in range(40):
        line.end_one()
        begun += line.ask()
        assert line.ask() == [], "there is one place, and whoever has begun stands in line again"
    assert begun == (["interactive"] * 9 + ["bulk"]) * 4


def test_an_interactive_step_finds_something_in_a_bucket_that_bulk_has_emptied() -> None:
    desk = Desk({"requests": 6000})
    line = Line(desk, bulk=1)
    while line.ask():
        pass
    assert 0 < desk.lane.levels()["requests"] <= 0.5 * 120 + 1
    assert desk.begin() is not None


def test_bulk_alone_loses_nothing_of_the_quota() -> None:
    desk = Desk({"requests": 6000}, places=10_000)
    line, begun = Line(desk, bulk=1), 0
    while line.ask():
        pass
    for _ in range(6000):
        desk.clock.advance(0.01)
        while line.ask():
            begun += 1
    assert begun >= 0.98 * 6000 - 1, "as many as flow in, in a minute"


def test_a_place_is_kept_free_for_an_interactive_step() -> None:
    desk = Desk(places=10, kept_places=0.1)
    bulk = Line(desk, bulk=1)
    while bulk.ask():
        pass
    assert len(bulk.going_on) == 9
    assert desk.begin() is not None


def test_a_place_of_the_quota_is_kept_free_too() -> None:
    desk = Desk(concurrency=10, kept_places=0.1)
    bulk = Line(desk, bulk=1)
    while bulk.ask():
        pass
    assert len(bulk.going_on) == 9
    assert desk.begin() is not None


def test_where_a_tenth_is_less_than_a_place_bulk_has_all_of_them() -> None:
    desk = Desk(places=4, kept_places=0.1)
    bulk = Line(desk, bulk=1)
    while bulk.ask():
        pass
    assert len(bulk.going_on) == 4


def test_bulk_in_its_turn_leaves_nothing_for_those_that_already_wait() -> None:
    desk = Desk(places=10, kept_places=0.5)
    desk.lane.begun(0, lambda: 1, clean=True)
    wake = asyncio.Event()
    going_on = [desk.begin() for _ in range(10)]
    assert desk.begin(1, wake, "bulk") is None
    interactive = asyncio.Event()
    for _ in range(9):
        assert desk.begin(1, interactive) is None
        last = going_on.pop(0)
        assert last is not None
        desk.lane.release(last)
        going_on.append(desk.begin(1, interactive))
    wake.clear()
    assert desk.begin(1, interactive) is None, "it is bulk's turn"
    last = going_on.pop(0)
    assert last is not None
    desk.lane.release(last)
    assert wake.is_set()
    assert desk.begin(1, interactive) is None
    assert desk.begin(1, wake, "bulk") is not None


def test_who_forgets_bulk_keeps_its_place_among_interactive_steps() -> None:
    desk, wake = Desk(places=1), asyncio.Event()
    occupied = desk.begin()
    assert occupied is not None
    assert not desk.lane.take(record(), "bulk", wake)
    assert not desk.lane.take(record(), "interactive", wake)
    desk.lane.forget("bulk", wake)
    wake.clear()
    desk.lane.release(occupied)
    assert wake.is_set()
    assert desk.begin(1, wake) is not None
