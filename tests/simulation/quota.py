"""A quota that some worlds have for a lane, and how its calls are held against it, in any span of time."""

from collections.abc import Sequence
from random import Random

from headchef.catalogue import Quota
from headchef.executor.lane.meter import MINUTE_S, RESERVE

LIMITED_LANE = "default"
_A_MINUTE = 240
_LIMITED_WORLDS = 0.25


def drawn_quota(chance: Random) -> Quota | None:
    """Give the lane's quota, or None for a world without one."""
    return Quota({"requests": _A_MINUTE}) if chance.random() < _LIMITED_WORLDS else None


def beyond(calls: Sequence[float], quota: Quota, tasks: int, owners: int) -> list[str]:
    """Give the spans of time in which there were more calls than the quota allows, in words; the worst alone.

    A lane holds its reserve, or a call for each of its tasks, and gains the rest of its quota evenly.

    Args:
        calls: when they began, in seconds, ascending.
        quota: of requests.
        tasks: of the lane.
        owners: that each may have at once; the quota holds for each, as nobody can tell a process that is cut off.
    """
    a_minute = quota.a_minute["requests"]
    held, rate = owners * max(RESERVE * a_minute, tasks), owners * a_minute / MINUTE_S
    worst, words = 0.0, ""
    for first, from_s in enumerate(calls):
        for last in range(first, len(calls)):
            number, span_s = last - first + 1, calls[last] - from_s
            over = number - held - rate * span_s
            if over > worst:
                worst, words = over, f"{number} calls from {from_s:.3f} to {calls[last]:.3f} s, {over:.1f} too many"
    return [words] if words else []
