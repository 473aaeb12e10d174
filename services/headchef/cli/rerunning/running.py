"""Carries a rerun out: finds the jobs, publishes them, waits if asked to, and says what happened."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from headchef_contracts.events.common import JOB_CLASSES, JobClass

from headchef.cli.cluster import Cluster, named_cluster, opened, patiently, read_patiently
from headchef.cli.entries import entries_here
from headchef.cli.faults import WorkFailed
from headchef.cli.following.feed import Outcome, identity_of, open_feed
from headchef.cli.following.show import outcome_as_json, show_outcome, summary
from headchef.cli.following.waiting import wait_for
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.rerunning.choice import Choice, Name, Wish, choose, newest
from headchef.cli.rerunning.reading import ends_of, submissions_of
from headchef.cli.screen import Meter, Screen
from headchef.cli.submission.publishing import publish_all
from headchef.cli.submission.running import partitions_of_the_entry
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.port import Log

_SHOWN = 20
_GOOD = ("ok", "needs_review")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a rerun is carried out.

    Attributes:
        wait: wait for the results.
        timeout_s: for how long, in seconds without one.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show the outcome as JSON.
    """

    wait: bool
    timeout_s: float
    patience_s: float
    as_json: bool


def carry_out(wish: Wish, manner: Manner) -> None:
    """Do what `rerun` was asked to.

    Raises:
        WorkFailed: there is no such job, it cannot be run again, or not all came out well.
    """
    asyncio.run(_run(wish, manner, Screen(as_json=manner.as_json), named_cluster()))


async def chosen(log: Log, namespace: str, wish: Wish, meter: Meter) -> Choice:
    """Find the jobs that are to be run again.

    Raises:
        WorkFailed: there is none.
    """
    ends = await ends_of(log, namespace, meter)
    named = newest(result for result in ends.results if wish.names(result))
    all_of = newest(result for result in ends.results if Name(result.job.tenant, result.job.job_id) in named)
    wanted = {name: result for name, result in all_of.items() if result.status in wish.statuses}
    if not wanted:
        raise _nothing(wish, [result.status for result in all_of.values()])
    submitted = await submissions_of(
        log,
        namespace,
        {name.job_id for name in wanted},
        meter,
        refused=ends.refused,
        entries=entries_here(),
    )
    return choose(wanted, submitted, ends.refused, SystemClock().now())


async def _run(wish: Wish, manner: Manner, screen: Screen, cluster: Cluster) -> None:
    choice = await read_patiently(
        cluster,
        screen,
        "reading topics",
        manner.patience_s,
        lambda log, meter: chosen(log, cluster.namespace, wish, meter),
    )
    with stop_on_signals() as stop:
        async with opened(cluster) as log:
            partitions = await partitions_of_the_entry(log, cluster, screen, manner.patience_s)
            feed = await patiently(
                lambda: open_feed(log, cluster.namespace, "now"),
                cluster=cluster,
                screen=screen,
                patience_s=manner.patience_s,
            )
            acknowledged = await _publish(log, cluster, choice, partitions, stop)
            outcomes: Mapping[str, Outcome] = {}
            if manner.wait and acknowledged == len(choice.jobs):
                wanted = {identity_of(each.job) for each in choice.jobs}
                outcomes = await wait_for(feed, wanted, stop=stop, timeout_s=manner.timeout_s)
            await feed.close()
    _conclude(choice, acknowledged, outcomes, manner, screen)


async def _publish(log: Log, cluster: Cluster, choice: Choice, partitions: int, stop: asyncio.Event) -> int:
    """Publish each job at the door by which it had come, and give how many are acknowledged."""
    producer, acknowledged = log.producer(f"{cluster.namespace}.rerun", None), 0
    await producer.start()
    try:
        for door, entry in sorted({(each.door, each.entry) for each in choice.jobs}, key=_urgent_first):
            sent = await publish_all(
                [each.job for each in choice.jobs if (each.door, each.entry) == (door, entry)],
                producer,
                namespace=cluster.namespace,
                partitions=partitions,
                job_class=door,
                stop=stop,
                entry=entry,
            )
            acknowledged += sent.acknowledged
    finally:
        await producer.close()
    return acknowledged


def _urgent_first(way: tuple[JobClass, str | None]) -> tuple[int, str]:
    door, entry = way
    return JOB_CLASSES.index(door), entry or ""


def _nothing(wish: Wish, statuses: list[str]) -> WorkFailed:
    if wish.job_id is not None and statuses:
        return WorkFailed(
            f"the newest result of job {wish.job_id} is {statuses[0]}",
            f"--status {statuses[0]} runs it again all the same",
        )
    if wish.job_id is not None:
        return WorkFailed(
            f"job {wish.job_id} has no result yet", "ids are exact; `headchef explain` says where a job is"
        )
    return WorkFailed("there is no such job", "`headchef results` shows which there are")


def _conclude(
    choice: Choice, acknowledged: int, outcomes: Mapping[str, Outcome], manner: Manner, screen: Screen
) -> None:
    for job_id, why in choice.passed_over[:_SHOWN]:
        screen.say(f"job {job_id} is not run again: {why}", "yellow")
    if len(choice.passed_over) > _SHOWN:
        screen.say(f"… and {len(choice.passed_over) - _SHOWN:,} more", "yellow")
    if choice.too_late:
        screen.say(f"{choice.too_late:,} deadlines have passed, and are left out", "yellow")
    _show(choice, acknowledged, outcomes, manner, screen)
    if acknowledged < len(choice.jobs):
        raise WorkFailed(
            f"{acknowledged:,} of {len(choice.jobs):,} jobs are acknowledged",
            "run the same command again: what has arrived has no result yet, and is passed over",
        )
    if choice.passed_over and not choice.jobs:
        raise WorkFailed("no job was run again")
    if manner.wait and len(outcomes) < len(choice.jobs):
        raise WorkFailed(f"{len(outcomes):,} of {len(choice.jobs):,} results are there")
    if any(outcome.status not in _GOOD for outcome in outcomes.values()):
        raise WorkFailed("not all jobs came out well")


def _show(choice: Choice, acknowledged: int, outcomes: Mapping[str, Outcome], manner: Manner, screen: Screen) -> None:
    if manner.as_json:
        screen.data(
            {
                "jobs": [{"job_id": each.job.job_id, "run": each.job.run} for each in choice.jobs],
                "acknowledged": acknowledged,
                "passed_over": [{"job_id": job_id, "why": why} for job_id, why in choice.passed_over],
                "results": [outcome_as_json(each) for each in outcomes.values()],
            }
        )
        return
    single = choice.jobs[0].job if len(choice.jobs) == 1 else None
    if acknowledged:
        what = f"job {single.job_id} as run {single.run}" if single else f"{acknowledged:,} jobs"
        screen.say(f"submitted {what}", "green")
    if single is not None and single.job_id in outcomes:
        screen.write(show_outcome(outcomes[single.job_id]))
    elif outcomes:
        screen.write(summary([each.event for each in outcomes.values()]))
