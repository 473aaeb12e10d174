"""What a run shows: which task was silent for longest, no broker being away."""

from tests.chaos.evidence import Evidence
from tests.chaos.rounds import Round
from tests.chaos.silence import Hop
from tests.chaos.verdict import judge

HOPS = {
    "router": [Hop(0, 1_000, 1_100), Hop(1, 1_000, 6_000)],
    "cache": [Hop(0, 100_000, 120_000)],
}


def found(*rounds: Round) -> tuple[float, str]:
    """Give how long somebody was silent, and who."""
    figures = judge(Evidence(frozenset(), {}, 0, [], 0, 0, 0, HOPS), rounds, [])
    return figures.task_silence_s, figures.quietest


def test_the_quietest_task_is_named() -> None:
    assert found() == (20.0, "cache-0, from 00:01:40")


def test_a_broker_that_was_away_explains_a_silence() -> None:
    assert found(Round("broker", "a", 101_000, 102_000, 1.0, 0)) == (5.0, "router-1, from 00:00:01")
