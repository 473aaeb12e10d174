"""When a store that failed is tried again."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headchef.cache.circuit import CircuitPolicy, CircuitState

POLICY = CircuitPolicy(first_wait_s=1.0, longest_wait_s=5.0)


def test_a_closed_circuit_admits_all() -> None:
    circuit = CircuitState(POLICY)
    assert all(circuit.admits(0.0) for _ in range(10))
    assert circuit.wait_s is None
    assert not circuit.succeeded()


def test_a_failure_opens_it_for_the_first_wait() -> None:
    circuit = CircuitState(POLICY)
    assert circuit.failed(10.0)
    assert not circuit.admits(10.9)
    assert circuit.admits(11.0)


def test_one_try_at_a_time_is_let_through() -> None:
    circuit = CircuitState(POLICY)
    circuit.failed(0.0)
    assert circuit.admits(1.0)
    assert not circuit.admits(1.0)
    assert not circuit.admits(1.5)


def test_a_try_that_never_ends_is_followed_by_another() -> None:
    circuit = CircuitState(POLICY)
    circuit.failed(0.0)
    assert circuit.admits(1.0)
    assert circuit.admits(2.0)


def test_waits_double_up_to_the_longest() -> None:
    circuit = CircuitState(POLICY)
    circuit.failed(0.0)
    now_s, waits = 0.0, []
    for _ in range(5):
        assert circuit.wait_s is not None
        waits.append(circuit.wait_s)
        now_s += circuit.wait_s
        assert circuit.admits(now_s)
        assert not circuit.failed(now_s)
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_calls_that_were_under_way_do_not_double_the_wait() -> None:
    circuit = CircuitState(POLICY)
    assert [circuit.failed(0.0) for _ in range(4)] == [True, False, False, False]
    assert circuit.wait_s == POLICY.first_wait_s


def test_a_success_closes_it_and_forgets_the_waits() -> None:
    circuit = CircuitState(POLICY)
    circuit.failed(0.0)
    circuit.admits(1.0)
    circuit.failed(1.0)
    circuit.admits(3.0)
    assert circuit.succeeded()
    assert circuit.wait_s is None
    assert circuit.failed(3.0)
    assert circuit.wait_s == POLICY.first_wait_s


@given(st.lists(st.floats(min_value=0.0, max_value=20.0), max_size=200))
def test_a_store_that_stays_away_is_tried_at_most_once_a_wait(pauses: list[float]) -> None:
    circuit = CircuitState(POLICY)
    circuit.failed(0.0)
    now_s, tries = 0.0, [0.0]
    for pause in pauses:
        now_s += pause
        if circuit.admits(now_s):
            tries.append(now_s)
            circuit.failed(now_s)
    assert all(later - earlier >= POLICY.first_wait_s for earlier, later in pairwise(tries))
    assert now_s - tries[-1] < POLICY.longest_wait_s
