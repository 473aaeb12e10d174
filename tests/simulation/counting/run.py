"""Runs a small world of batches, and says what does not hold in it. What must come is counted anew, from the log."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import orjson

from headchef.runtime.log.port import Record
from tests.simulation.counting import pauses
from tests.simulation.counting.world import BOUND_S, CountingWorld, name_of
from tests.simulation.faults import NONE, Faults
from tests.simulation.faults import drawn as drawn_faults
from tests.simulation.kinds import AT_LEAST_ONCE, BARE_LOG, EXACTLY_ONCE, GROWING, Kind
from tests.simulation.loop import SeededLoop

KINDS: Mapping[Kind, int] = {EXACTLY_ONCE: 4, AT_LEAST_ONCE: 1, BARE_LOG: 1, GROWING: 2}
"""Those in which nothing expires, and how often a seed draws each."""

ONE_OWNER = {"freezes": 0.0, "outages": 0.0, "slow_requests": 0.0, "lost_requests": 0.0, "lost_answers": 0.0}
"""At least once nobody is fenced: a process that comes back after its group has given it up may set an account back."""

Name = tuple[str, str]


def run_counting(seed: int, *, kind: Kind | None = None, faults: Faults | None = None) -> list[str]:
    """Run a world, and give what does not hold, in words.

    Args:
        seed: decides everything.
        kind: of the world, in place of the one that the seed draws.
        faults: in place of those that the seed draws.
    """
    loop = SeededLoop(Random(f"{seed} counting turns"))
    try:
        chosen = kind or Random(f"{seed} counting kind").choices(list(KINDS), list(KINDS.values()))[0]
        struck = faults or drawn_faults(Random(f"{seed} counting faults"))
        if chosen.guarantee == "at_least_once":
            struck = replace(struck, **ONE_OWNER)
        return loop.run_until_complete(_live(seed, chosen, struck, loop))
    finally:
        loop.close()


async def _live(seed: int, kind: Kind, faults: Faults, loop: SeededLoop) -> list[str]:
    world = CountingWorld(seed, kind, faults, loop)
    in_time = await world.live()
    exactly_once = kind.guarantee == "exactly_once"
    found = [*loop.faults, *world.failures, *_violations(world, exactly_once=exactly_once, is_exact=faults == NONE)]
    world.cluster.close()
    return found if in_time else [f"not all is counted within {BOUND_S} s", *found]


def _violations(world: CountingWorld, *, exactly_once: bool, is_exact: bool) -> Iterator[str]:
    counted = _events(world.cluster.read_committed(name_of("batches.counted")))
    finished = _events(world.cluster.read_committed(name_of("batches.finished")))
    told = Counter(_name(event) for _, event in (finished if exactly_once else dict(finished).items()))
    for name in world.drawn.sizes:
        if told[name] != 1:
            yield f"a batch is told of once: {name} is told of {told[name]} times"
    if unknown := set(told) - set(world.drawn.sizes):
        yield f"no batch is told of that nobody has sent: {unknown}"
    wanted = _wanted([event for _, event in counted])
    for _, event in finished:
        mine, said = wanted.get(_name(event)), _said(event)
        if mine != said:
            yield f"a batch is told of with the counts of its jobs: {_name(event)} says {said}, and {mine} is right"
    yield from pauses.violations(world, is_exact=is_exact)
    passed = {(*_name(event), event["job_id"]) for _, event in counted}
    jobs = sum(world.drawn.sizes.values())
    if len(passed) != jobs:
        yield f"every job of a batch is passed on: {len(passed)} of {jobs}"


def _events(records: list[Record]) -> list[tuple[bytes, dict[str, Any]]]:
    return [(dict(record.headers)["ce_id"] or b"", orjson.loads(record.value or b"")) for record in records]


def _name(event: Mapping[str, Any]) -> Name:
    return event.get("tenant", "default"), event["batch_id"]


def _said(event: Mapping[str, Any]) -> tuple[Any, ...]:
    counts = {status: count for status, count in event["counts"].items() if count}
    return event["batch_size"], counts, Decimal(event["cost_usd"]), event["unpriced"]


def _wanted(counted: list[dict[str, Any]]) -> dict[Name, tuple[Any, ...]]:
    """Count what was passed on, in its order: a batch lies in one partition."""
    wanted: dict[Name, tuple[Any, ...]] = {}
    sizes: dict[Name, int] = {}
    best: dict[Name, dict[str, dict[str, Any]]] = {}
    for event in counted:
        name = _name(event)
        if name in wanted:
            continue
        sizes[name] = max(sizes.get(name, 0), event.get("batch_size") or 0)
        jobs = best.setdefault(name, {})
        known = jobs.get(event["job_id"])
        if known is None or _rank(event) > _rank(known):
            jobs[event["job_id"]] = event
        if len(jobs) >= sizes[name] > 0:
            costs = [each["cost_usd"] for each in jobs.values()]
            known_costs = sum((Decimal(cost) for cost in costs if cost is not None), Decimal())
            statuses = dict(Counter(each["status"] for each in jobs.values()))
            wanted[name] = (sizes[name], statuses, known_costs, costs.count(None))
    return wanted


def _rank(event: Mapping[str, Any]) -> tuple[bool, int]:
    return event["status"] != "refused", event.get("run", 0)
