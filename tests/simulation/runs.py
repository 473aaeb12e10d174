"""Further runs of jobs through workflows that came to no good end: which are submitted, and what must hold of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from tests.simulation.evidence import Evidence
from tests.simulation.history import Happened, events
from tests.simulation.oracle import Job, job_of
from tests.simulation.services import pair
from tests.simulation.submission import Submission
from tests.simulation.world import World
from tests.support.log_client import publish

AGAIN = 7
"""The run that is submitted when all has come to rest; those before it are the upstream systems' own."""

Unit = tuple[str, str | None]
Ends = Mapping[Unit, Mapping[str, Any]]


async def submit_again(world: World) -> bool:
    """Submit the jobs once more whose newest result is not good, and say whether there were any."""
    known = {job_of(each.payload): each for each in world.submissions if each.kind == "job" and each.payload}
    again = []
    for event in _newest(events(world.cluster, "jobs.finished", world.named)).values():
        before = known.get(event.job)
        if event.data["status"] != "ok" and before is not None and before.payload and "workflow" in before.payload:
            payload = before.payload | {"run": AGAIN}
            again.append(replace(before, value=orjson.dumps(payload), payload=payload))
    await _publish(world, again)
    return bool(again)


async def _publish(world: World, again: list[Submission]) -> None:
    world.submissions += again
    if again:
        await publish(world.outside, [each.record() for each in again])


def order_of_ends(evidence: Evidence) -> Mapping[Job, int]:
    """Number the runs of each job as they ended: of two that had begun together the first may be the last to end."""
    return {event.job: number for number, event in enumerate(evidence.every("jobs.finished"))}


def taken_over(finished: Happened, ends: Mapping[Job, Ends], order: Mapping[Job, int]) -> Ends:
    """Give what a job has taken over from its earlier runs, as its result says.

    Args:
        finished: the result.
        ends: what each unit of each run came to.
        order: in which the runs ended. What two of them have done is taken from the one that ended last.
    """
    own, found = ends.get(finished.job, {}), dict[Unit, Mapping[str, Any]]()
    for step in finished.data["provenance"].get("steps", ()):
        runs = [finished.job._replace(run=run) for run in step.get("taken_from", ())]
        for earlier in sorted(runs, key=lambda each: order.get(each, -1)):
            of_run = ends.get(earlier, {})
            found |= {
                unit: end
                for unit, end in of_run.items()
                if unit[0] == step["step_id"] and unit not in own and end["status"] == "ok"
            }
    return found


def _nothing_that_succeeded_is_asked_again(evidence: Evidence) -> Iterator[str]:
    """Check that the run that came last asks nothing that the one before it had an answer to.

    It may ask something else for the same step, where what that depends on has come out otherwise. At least once the
    answer may have come twice, and to two things.
    """
    if not evidence.exactly_once:
        return
    finished = [event for event in evidence.every("jobs.finished") if event.job.run != AGAIN]
    ok = {
        (event.job, event.unit)
        for event in evidence.every("steps.judged")
        if (event.data.get("ended") or {}).get("status") == "ok"
    }
    ok |= {
        (event.job, event.unit)
        for topic in ("calls.ended", "fetches.ended", "retrievals.ended")
        for event in evidence.every(topic)
        if "failure" not in event.data
    }
    planned = {
        (event.job, event.unit): event
        for kind in ("steps", "calls", "fetches", "retrievals")
        for topic in pair(f"{kind}.planned")
        for event in evidence.every(topic)
        if event.plan == 0 and event.job in evidence.led
    }
    newest = _newest(finished)
    for (job, unit), event in planned.items():
        if job.run == AGAIN and (last := newest.get(job._replace(run=0))) is not None:
            before = planned.get((last.job, unit))
            same_home = last.head["home_partition"] == event.head["home_partition"]
            if before is not None and same_home and (last.job, unit) in ok and _asked(before) == _asked(event):
                yield f"{job} {unit} is asked again, though run {last.job.run} had an answer"


def _only_what_is_left_is_remembered(evidence: Evidence) -> Iterator[str]:
    """Check that routers forget a job that has its result, but for what its next run may take over.

    At least once a part of it may be left. Where the front doors grow, two tasks may remember runs of one job.
    """
    if not evidence.exactly_once or evidence.kind.grows:
        return
    left = {key: orjson.loads(value) for key, value in evidence.led_state.items() if _is_left(key)}
    named = {_name(key, unit) for key, record in left.items() for unit in record["units"]}
    for key, value in evidence.led_state.items():
        if key not in left and key not in named and not key.startswith(b"\0\0"):
            yield f"{key!r} is remembered: {value!r}"
    yield from (f"{name!r} is said to be left, and is not there" for name in named - evidence.led_state.keys())
    bad = {event.job._replace(run=0) for event in evidence.every("jobs.finished") if event.data["status"] != "ok"}
    for key in left:
        tenant, job_id, revision = key.decode().split("\0")[1:]
        if Job(tenant, job_id, 0, int(revision)) not in bad:
            yield f"{key!r} is left of a job that came to a good end"


RUNS: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    "a further run asks nothing that has an answer": _nothing_that_succeeded_is_asked_again,
    "a job that is over is forgotten": _only_what_is_left_is_remembered,
}


def _newest(finished: Iterable[Happened]) -> Mapping[Job, Happened]:
    """Give the newest result of each job, whatever the run; all of one job lie in one partition, or are of no use."""
    newest: dict[Job, Happened] = {}
    for event in finished:
        newest[event.job._replace(run=0)] = event
    return newest


def _is_left(key: bytes) -> bool:
    """Say whether a key is that of a list; two zero bytes begin the names of places that are given to such."""
    return key.startswith(b"\0") and not key.startswith(b"\0\0")


def _name(key: bytes, unit: Mapping[str, Any]) -> bytes:
    _, tenant, job_id, revision = key.split(b"\0")
    item = [] if unit.get("item") is None else [unit["item"].encode()]
    return b"\0".join((tenant, job_id, str(unit["run"]).encode(), revision, unit["step_id"].encode(), *item))


def _asked(event: Happened) -> Any:
    if "step" in event.data:
        return event.data["step"]["prompt_sha256"]
    return next(event.data.get(name) for name in ("arguments", "address", "query") if name in event.data)
