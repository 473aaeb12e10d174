"""A quota that some worlds have for a lane, and how its calls are held against it, in any span of time."""

from collections.abc import Sequence
from random import Random

from headchef.meter import MINUTE_S, RESERVE

LIMITED_LANE = "default"
A_MINUTE = 240
_LIMITED_WORLDS = 0.25


def drawn_limit(chance: Random) -> int | None:
    """Give the lane's quota of requests a minute, or None for a world without one."""
    return A_MINUTE if chance.random() < _LIMITED_WORLDS else None


def beyond(
    calls: Sequence[float],
    limits: Sequence[tuple[float, int]],
    apart: Sequence[tuple[float, float]],
    tasks: int,
    owners: int,
) -> list[str]:
    """Give the spans of time in which there were more calls than the quota allows, in words; the worst alone.

    A lane holds its reserve, or a call for each of its tasks, and gains the rest of its quota evenly. Of several quotas
    the largest counts that was published by the end of a span: nobody can tell when a process has heard of another.

    Args:
        calls: when they began, in seconds, ascending.
        limits: of requests a minute, each with the time from which on it may be in force, ascending.
        apart: when its two executors may not have agreed which tasks share the quota: each may have all of it then.
        tasks: of the lane.
        owners: that each may have at once; the quota holds for each, as nobody can tell a process that is cut off.
    """
    worst, words = 0.0, ""
    for last, to_s in enumerate(calls):
        a_minute = max(limit for since_s, limit in limits if since_s <= to_s)
        held, rate = owners * max(RESERVE * a_minute, tasks), owners * a_minute / MINUTE_S
        for first in range(last + 1):
            number, since_s = last - first + 1, calls[first]
            twice_s = sum(max(0.0, min(to_s, end_s) - max(since_s, start_s)) for start_s, end_s in apart)
            holders = 2 if any(start_s <= since_s <= end_s for start_s, end_s in apart) else 1
            over = number - held * holders - rate * (to_s - since_s + twice_s)
            if over > worst:
                worst, words = over, f"{number} calls from {calls[first]:.3f} to {to_s:.3f} s, {over:.1f} too many"
    return [words] if words else []
