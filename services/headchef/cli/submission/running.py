"""Carries a submission out: check everything, publish, wait if asked to, and say what happened."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headchef_contracts import topics
from headchef_contracts.events.common import JOB_CLASSES, JobClass
from headchef_contracts.events.jobs import JobSubmitted

from headchef.cli.cluster import Cluster, named_cluster, opened, patiently
from headchef.cli.entries import checked
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.following.feed import Feed, Outcome, identity_of, open_feed
from headchef.cli.following.show import outcome_as_json, show_outcome, summary
from headchef.cli.following.waiting import wait_for
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.screen import Screen
from headchef.cli.submission.jobs import JobOptions
from headchef.cli.submission.order import Order
from headchef.cli.submission.publishing import Sent, publish_all
from headchef.cli.submission.rendering import rendered
from headchef.cli.submission.source import Source
from headchef.cli.submission.survey import Survey, jobs_of, survey
from headchef.runtime.log.port import Log

_SHOWN_FAULTS = 20
_LINGER_S = 2.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a submission is carried out.

    Attributes:
        skip_bad: send the good lines of an input with bad ones.
        dry_run: send nothing.
        wait: wait for the results.
        timeout_s: for how long, in seconds.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show the outcome as JSON.
        entry: by which the jobs come; None for the public one.
    """

    skip_bad: bool
    dry_run: bool
    wait: bool
    timeout_s: float
    patience_s: float
    as_json: bool
    entry: str | None = None


def carry_out(order: Order, manner: Manner) -> None:
    """Do what `submit` was asked to.

    Raises:
        WrongUsage: the input is wrong, and nothing was sent.
        WorkFailed: not all of it could be sent, or not all results came.
    """
    if manner.entry is not None:
        checked("--entry", manner.entry)
    screen = Screen(as_json=manner.as_json)
    source, options = order.read()
    try:
        with screen.progress(f"checking {source.name}"):
            found = survey(source, options)
    except KeyboardInterrupt:
        raise WorkFailed("interrupted while checking the input; nothing was sent") from None
    _report_faults(found, manner, screen)
    if found.repeated:
        screen.say(f"{found.repeated:,} lines repeat the job of an earlier line and are not sent again", "yellow")
    if manner.dry_run:
        _tell_of_a_dry_run(screen, found, source, options)
        return
    asyncio.run(_Submission(order, source, options, found, manner, screen).run(named_cluster()))


def _tell_of_a_dry_run(screen: Screen, found: Survey, source: Source, options: JobOptions) -> None:
    """Tell of a template too how much all its prompts share, which is what a provider's cache can serve."""
    said, told = f"{found.jobs:,} jobs are fine; nothing was sent", {"jobs": found.jobs, "sent": 0}
    if options.prompt is not None:
        first = rendered(next(iter(jobs_of(source, options, found.batches))))
        characters = len(first.system or "") + len(first.user)
        said += (
            f"\nall prompts begin with the same {first.static_characters:,} characters; the first has {characters:,}"
        )
        told |= {"static_characters": first.static_characters, "prompt_characters": characters}
    _tell(screen, said, told)


def _report_faults(found: Survey, manner: Manner, screen: Screen) -> None:
    for fault in found.faults[:_SHOWN_FAULTS]:
        screen.say(str(fault), "red")
    if len(found.faults) > _SHOWN_FAULTS:
        screen.say(f"… and {len(found.faults) - _SHOWN_FAULTS:,} more", "red")
    if found.faults and not manner.skip_bad:
        bad = "1 line is wrong" if len(found.faults) == 1 else f"{len(found.faults):,} lines are wrong"
        raise WrongUsage(f"{bad}, and nothing was sent", "mend them, or send the others with --skip-bad")
    if not found.jobs:
        raise WrongUsage("there is no job in the input")


class _Submission:
    def __init__(
        self, order: Order, source: Source, options: JobOptions, found: Survey, manner: Manner, screen: Screen
    ) -> None:
        self._class: JobClass = "bulk" if order.file is not None else "interactive"
        self._source = source
        self._options = options
        self._found = found
        self._manner = manner
        self._screen = screen
        self._is_new = order.file is None and order.job_id is None

    async def run(self, cluster: Cluster) -> None:
        with stop_on_signals() as stop:
            async with opened(cluster) as log:
                partitions = await partitions_of_the_entry(
                    log, cluster, self._screen, self._manner.patience_s, self._manner.entry
                )
                feed = await self._feed(log, cluster) if self._manner.wait else None
                sent = await self._publish(log, cluster, partitions, stop)
                if feed is None:
                    self._conclude(sent, {})
                else:
                    self._conclude(sent, await self._results(feed, stop) if sent.stopped is None else {})

    async def _feed(self, log: Log, cluster: Cluster) -> Feed:
        return await open_feed(log, cluster.namespace, "now" if self._is_new else "start")

    async def _publish(self, log: Log, cluster: Cluster, partitions: int, stop: asyncio.Event) -> Sent:
        producer = log.producer(f"{cluster.namespace}.submit", None)
        await producer.start()
        try:
            with self._screen.progress("submitting", self._found.jobs) as meter:
                return await publish_all(
                    self._jobs(),
                    producer,
                    namespace=cluster.namespace,
                    partitions=partitions,
                    job_class=self._class,
                    stop=stop,
                    progress=meter.update,
                    entry=self._manner.entry,
                )
        finally:
            await producer.close()

    def _jobs(self) -> Iterable[JobSubmitted]:
        return jobs_of(self._source, self._options, self._found.batches)

    async def _results(self, feed: Feed, stop: asyncio.Event) -> dict[str, Outcome]:
        wanted = {identity_of(job) for job in self._jobs()}
        with self._screen.progress("waiting for results", len(wanted)) as meter:
            return await wait_for(
                feed,
                wanted,
                stop=stop,
                timeout_s=self._manner.timeout_s,
                linger_s=0 if self._is_new else _LINGER_S,
                progress=meter.update,
            )

    def _conclude(self, sent: Sent, outcomes: Mapping[str, Outcome]) -> None:
        for job_id, reason in sent.refused[:_SHOWN_FAULTS]:
            self._screen.say(f"job {job_id} was not taken: {reason}", "red")
        self._show(sent, outcomes)
        missing = self._found.jobs - sent.acknowledged
        if missing:
            why = sent.stopped or "Kafka did not take some"
            raise WorkFailed(
                f"{sent.acknowledged:,} of {self._found.jobs:,} jobs are acknowledged ({why})",
                "run the same command again: what has arrived keeps its id and is not done twice",
            )
        if self._found.faults:
            raise WorkFailed(f"{len(self._found.faults):,} bad lines were left out")
        if self._manner.wait and len(outcomes) < self._found.jobs:
            raise WorkFailed(
                f"{len(outcomes):,} of {self._found.jobs:,} results are there",
                "`headchef results --follow` goes on waiting; are the services running?",
            )
        if any(outcome.status not in ("ok", "needs_review") for outcome in outcomes.values()):
            raise WorkFailed("not all jobs came out well")

    def _show(self, sent: Sent, outcomes: Mapping[str, Outcome]) -> None:
        single = next(iter(self._jobs())).job_id if self._found.jobs == 1 else None
        if self._manner.as_json:
            results = [outcome_as_json(each) for each in outcomes.values()]
            counts = {"jobs": self._found.jobs, "acknowledged": sent.acknowledged}
            self._screen.data({**counts, "job_id": single, "results": results})
            return
        if sent.acknowledged:
            self._screen.say(f"submitted job {single}" if single else f"submitted {sent.acknowledged:,} jobs", "green")
            if self._options.sized and not self._manner.wait and len(self._found.batches) == 1:
                [(tenant, batch_id)] = self._found.batches
                whose = "" if tenant == "default" else f" --tenant {tenant}"
                self._screen.say(f"`headchef batch wait {batch_id}{whose}` waits until all have ended", "dim")
        if single is not None and single in outcomes:
            self._screen.write(show_outcome(outcomes[single]))
        elif outcomes:
            self._screen.write(summary([each.event for each in outcomes.values()]))


def _tell(screen: Screen, text: str, value: object) -> None:
    if screen.as_json:
        screen.data(value)
    else:
        screen.say(text, "green")


async def partitions_of_the_entry(
    log: Log, cluster: Cluster, screen: Screen, patience_s: float, entry: str | None = None
) -> int:
    """Count those that both topics of an entry have: while they grow they differ, and what lies elsewhere is sent home.

    Args:
        log: of the cluster.
        cluster: that is waited for while it is away.
        screen: is told so.
        patience_s: for how long, in seconds.
        entry: None for the public one.

    Raises:
        WorkFailed: a topic does not exist, or the cluster stays away.
    """
    return await patiently(
        lambda: _partitions(log, cluster.namespace, entry), cluster=cluster, screen=screen, patience_s=patience_s
    )


async def _partitions(log: Log, namespace: str, entry: str | None) -> int:
    names = [topics.physical(namespace, topics.of_class(topics.door(entry), job_class)) for job_class in JOB_CLASSES]
    counts = await log.partition_counts(names)
    for name in names:
        if name not in counts:
            raise WorkFailed(f"there is no topic {name}", "make the topics with `headchef topics create`")
    return min(counts.values())
