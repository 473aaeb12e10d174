"""When calls are kept back, who finds out whether they may go on, and how often that is tried."""

from hypothesis import given
from hypothesis import strategies as st

from headchef.executor.lane.breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S, Breaker, Why

NO_KEY = Why("credentials", "no valid key")
AWAY = Why("provider_unavailable", "connection refused")


def opened(enough: int = 1) -> Breaker:
    breaker = Breaker()
    for call in range(enough):
        assert breaker.bad(call, NO_KEY, enough, 0) == (call == enough - 1)
    return breaker


def test_it_opens_after_enough_in_a_row() -> None:
    breaker = Breaker()
    assert [breaker.bad(call, AWAY, 3, 0) for call in range(2)] == [False, False]
    assert not breaker.good(2), "it was not open"
    assert [breaker.bad(call, AWAY, 3, 0) for call in range(3)] == [False, False, True]
    assert (breaker.why, breaker.wait_s(0)) == (AWAY, FIRST_PAUSE_S)


def test_one_call_at_a_time_finds_out() -> None:
    breaker = opened()
    assert breaker.wait_s(0.4) == 0.6
    assert breaker.wait_s(1) == 0
    breaker.begin(7)
    assert breaker.wait_s(100) is None
    assert breaker.good(7)
    assert (breaker.why, breaker.wait_s(100)) == (None, 0)


def test_a_call_that_began_before_says_nothing() -> None:
    breaker = opened()
    assert not breaker.good(5)
    assert not breaker.bad(6, AWAY, 1, 0.5)
    assert (breaker.why, breaker.wait_s(0.5)) == (NO_KEY, 0.5)


def test_the_pause_doubles_up_to_its_bound_and_begins_anew() -> None:
    breaker, now_s, pauses = opened(), 0.0, []
    for call in range(7):
        wait_s = breaker.wait_s(now_s)
        assert wait_s is not None
        pauses.append(wait_s)
        now_s += wait_s
        breaker.begin(call)
        assert not breaker.bad(call, AWAY, 10, now_s), "it is open already"
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert breaker.why == AWAY, "the newest reason"
    breaker.begin(8)
    assert breaker.good(8)
    assert breaker.bad(9, NO_KEY, 1, now_s)
    assert breaker.wait_s(now_s) == FIRST_PAUSE_S


def test_who_was_to_find_out_and_did_not_leaves_it_to_the_next() -> None:
    breaker = opened()
    breaker.begin(7)
    breaker.end(6, 1)
    assert breaker.wait_s(1) is None
    breaker.end(7, 1)
    assert breaker.wait_s(1) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["begin", "bad", "good", "end"]), st.floats(0, 40))))
def test_there_is_always_a_way_on(steps: list[tuple[int, str, float]]) -> None:
    """While it is open either somebody finds out, or the time until the next may is bounded."""
    breaker, now_s = Breaker(), 0.0
    probe: int | None = None
    for call, what, passed_s in steps:
        now_s += passed_s
        wait_s = breaker.wait_s(now_s)
        if what == "begin" and wait_s == 0:
            breaker.begin(call)
            probe = call if breaker.why else None
        elif what == "bad":
            breaker.bad(call, NO_KEY, 2, now_s)
        elif what == "good":
            breaker.good(call)
        elif what == "end":
            breaker.end(call, now_s)
        wait_s = breaker.wait_s(now_s)
        assert (wait_s is None) <= (probe is not None)
        assert (breaker.why is None) <= (wait_s == 0)
        assert wait_s is None or 0 <= wait_s <= LONGEST_PAUSE_S
    if breaker.wait_s(now_s) is None and probe is not None:
        breaker.end(probe, now_s)
    assert breaker.wait_s(now_s + LONGEST_PAUSE_S) == 0
