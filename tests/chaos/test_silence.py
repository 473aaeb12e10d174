"""Silence is counted while something was to be done, and from no earlier than the last word."""

import pytest

from tests.chaos.silence import Hop, silences


@pytest.mark.parametrize(
    ("hops", "seconds"),
    [
        pytest.param([(0, 10), (5, 20)], [0.010, 0.010], id="the second was asked before the first answer"),
        pytest.param([(0, 10), (5000, 5010)], [0.010, 0.010], id="nothing to do is no silence"),
        pytest.param([(0, 10), (100, 7100), (6000, 7101)], [0.010, 7.0, 0.001], id="a task whose owner died"),
        pytest.param([(0, 50), (10, 30)], [0.030, 0.020], id="answers out of order"),
        pytest.param([], [], id="nothing asked"),
        pytest.param([(10, 5)], [0.0], id="clocks that differ by milliseconds"),
    ],
)
def test_silences(hops: list[tuple[int, int]], seconds: list[float]) -> None:
    assert [each.seconds for each in silences([Hop(0, *each) for each in hops])] == seconds
