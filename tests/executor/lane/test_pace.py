"""How many calls at once a lane without a stated limit makes: most of what there is room for, and hardly more."""

from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.executor.lane.pace import FIRST, QUICK_S, Pace
from tests.bench.pacing.servers import MOST, Kind, Outcome, Room, Server


def outcome_of(kind: Kind, room: Room, *, executors: int = 1, noise: float = 0.8) -> Outcome:
    return Server(kind, room, [Pace(MOST) for _ in range(executors)], noise=noise, seed=1).run()


def steady(_: float) -> float:
    return 16


def changing(at_s: float) -> float:
    return 16 if at_s // 600 % 2 == 0 else 6


def ample(_: float) -> float:
    return 1000


@pytest.mark.parametrize("noise", [0.0, 0.8], ids=["alike", "unlike"])
@pytest.mark.parametrize("kind", ["refuses", "queues", "slows down"])
@pytest.mark.parametrize(
    ("room", "least", "most_failed"), [(steady, 0.95, 10), (changing, 0.85, 25)], ids=["steady", "changing"]
)
def test_most_of_the_room_is_used_without_a_queue(
    kind: Kind, noise: float, room: Room, least: float, most_failed: float
) -> None:
    outcome = outcome_of(kind, room, noise=noise)
    assert outcome.goodput >= least
    assert outcome.failed_of_1000 < most_failed
    assert outcome.slower(0.5) < 2.3


@pytest.mark.parametrize("kind", ["refuses", "queues", "slows down"])
def test_executors_that_know_nothing_of_each_other_share_it(kind: Kind) -> None:
    outcome = outcome_of(kind, lambda _: 40, executors=4)
    assert outcome.goodput >= 0.95
    assert outcome.failed_of_1000 < 20
    assert outcome.slower(0.5) < 3


def test_where_there_is_room_all_of_it_is_used_soon() -> None:
    assert outcome_of("queues", ample).goodput * 1000 >= 0.97 * MOST
    pace, now_s, answers = Pace(MOST), 0.0, 0
    while pace.limit < MOST:
        answer(pace, now_s)
        now_s += 0.01
        answers += 1
    assert answers < 300


def answer(pace: Pace, now_s: float, *, took_s: float = 0.0, tokens: int = 100, model: str = "m") -> None:
    pace.answered(model, now_s, now_s + took_s, tokens, pace.limit)


def in_rounds(pace: Pace, rounds: int, now_s: float, **fields: float) -> float:
    """Answer so many rounds of calls, each call after the last one, and give the time."""
    for _ in range(rounds):
        for _ in range(max(24, pace.limit)):
            pace.answered("m", now_s, now_s + fields["took_s"], 100, pace.limit)
            now_s += fields["took_s"]
    return now_s


def test_calls_from_before_a_change_say_nothing_of_what_is_now() -> None:
    pace = Pace(MOST)
    for _ in range(2):
        pace.failed(0, 10)
    assert pace.limit == FIRST, "that may be chance"
    pace.failed(0, 10)
    limit = pace.limit
    assert limit < FIRST
    for _ in range(20):
        pace.failed(9, 11)
    assert pace.limit == limit


def test_what_is_not_made_use_of_is_not_grown() -> None:
    pace = Pace(MOST)
    for second in range(1000):
        pace.answered("m", second, second + 1, 100, 1)
    assert pace.limit == FIRST


@pytest.mark.parametrize("share", [20, 30])
def test_failures_now_and_then_are_taken_for_chance(share: int) -> None:
    pace, chance, now_s = Pace(MOST), Random(1), 0.0
    limits = []
    for _ in range(20_000):
        if chance.randrange(share) == 0:
            pace.failed(now_s, now_s + 1)
        else:
            pace.answered("m", now_s, now_s + 1, 100, pace.limit)
        now_s += 1
        limits.append(pace.limit)
    assert median(limits) > MOST / 2


def test_models_of_other_speed_are_told_apart() -> None:
    pace, now_s = Pace(MOST), 0.0
    for number in range(2000):
        model, took_s = ("fast", 1.0) if number % 2 else ("slow", 9.0)
        pace.answered(model, now_s, now_s + took_s, 100, pace.limit)
        now_s += 9
    assert pace.limit > FIRST


def test_answers_that_take_three_times_as_long_are_drawn_back_from() -> None:
    pace = Pace(MOST)
    now_s = in_rounds(pace, 4, 0, took_s=1.0)
    before = pace.limit
    in_rounds(pace, 1, now_s, took_s=3.0)
    assert pace.limit == int(before * 0.95 * 2 / 3)


def test_answers_that_are_quick_all_the_same_are_not() -> None:
    pace = Pace(MOST)
    now_s = in_rounds(pace, 4, 0, took_s=QUICK_S / 10)
    before = pace.limit
    now_s = in_rounds(pace, 1, now_s, took_s=QUICK_S * 0.9)
    assert pace.limit > before
    in_rounds(pace, 1, now_s, took_s=QUICK_S * 1.1)
    assert pace.limit < MOST


Step = tuple[str, float, int]


@given(
    st.lists(st.tuples(st.sampled_from(["failed", "answered"]), st.floats(0, 100), st.integers(0, 5000)), max_size=300)
)
def test_the_limit_has_bounds_whatever_comes(steps: list[Step]) -> None:
    pace, now_s = Pace(10), 0.0
    for what, took_s, tokens in steps:
        if what == "failed":
            pace.failed(now_s, now_s + took_s)
        else:
            pace.answered("m", now_s, now_s + took_s, tokens, pace.limit)
        now_s += took_s
        assert 1 <= pace.limit <= 10
