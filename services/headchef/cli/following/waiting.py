"""Waits for the outcomes of chosen jobs."""

import asyncio
from collections.abc import Callable, Collection

from headchef.cli.following.feed import Feed, Identity, Outcome
from headchef.runtime.clock import Clock, SystemClock

_POLL_S = 0.25


async def wait_for(
    feed: Feed,
    wanted: Collection[Identity],
    *,
    stop: asyncio.Event,
    timeout_s: float,
    linger_s: float = 0,
    progress: Callable[[int], None] | None = None,
    clock: Clock | None = None,
) -> dict[str, Outcome]:
    """Read until each job has an outcome, the time is up, or `stop` is set.

    Args:
        feed: opened before the jobs were submitted, or at the start.
        wanted: the jobs; results of other runs are passed over.
        stop: looked at several times a second.
        timeout_s: seconds without any wanted outcome before giving up.
        linger_s: seconds to go on reading when all are there; an old result may be followed by a refusal of the new.
        progress: told how many are there.
        clock: time, for tests.

    Returns:
        The newest outcome of each job that has one, by job id.
    """
    clock = clock or SystemClock()
    asked: dict[str, list[Identity]] = {}
    for each in wanted:
        asked.setdefault(each.job_id, []).append(each)
    open_ids, found = set(asked), dict[str, Outcome]()
    last = clock.monotonic()
    while not stop.is_set() and clock.monotonic() - last < (timeout_s if open_ids else linger_s):
        for outcome in await feed.next(_POLL_S):
            job_id = outcome.job_id
            if job_id is not None and any(map(outcome.may_be_of, asked.get(job_id, ()))):
                found[job_id] = await feed.opened(outcome)
                open_ids.discard(job_id)
                last = clock.monotonic()
        if progress is not None:
            progress(len(found))
    return found
