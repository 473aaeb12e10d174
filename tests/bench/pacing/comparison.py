"""Compares ways to find out how many calls at once are good, at each kind of server."""

from collections.abc import Callable, Mapping
from statistics import mean
from typing import get_args

from headchef.executor.lane.pace import Pace
from tests.bench.pacing.rivals import Aimd, Gradient
from tests.bench.pacing.servers import MOST, Kind, Limiter, Room, Server

WAYS: Mapping[str, Callable[[int], Limiter]] = {"ours": Pace, "AIMD": Aimd, "Gradient2": Gradient}

_SEEDS = (1, 2, 3)
_NOISES = (0.0, 0.8)
"""Answers whose time is told by their length, and such as are by chance twice as fast or half as fast."""


def _changing(at_s: float) -> float:
    return 16 if at_s // 600 % 2 == 0 else 6


ROOMS: Mapping[str, tuple[Room, int]] = {
    "room for 16": (lambda _: 16, 1),
    "room for 40, four executors": (lambda _: 40, 4),
    "room for 16 and for 6 by turns": (_changing, 1),
}


def compare() -> dict[str, float]:
    """Give for each server and way the goodput, the median slowness and the failed calls of 1,000, over six runs."""
    figures: dict[str, float] = {}
    for kind in get_args(Kind):
        for name, (room, executors) in ROOMS.items():
            for way, make in WAYS.items():
                outcomes = [
                    Server(kind, room, [make(MOST) for _ in range(executors)], noise=noise, seed=seed).run()
                    for noise in _NOISES
                    for seed in _SEEDS
                ]
                key = f"pacing.{kind}.{name}.{way}"
                figures[f"{key}.goodput"] = mean(each.goodput for each in outcomes)
                figures[f"{key}.slower"] = mean(each.slower(0.5) for each in outcomes)
                figures[f"{key}.failed"] = mean(each.failed_of_1000 for each in outcomes)
    return figures
