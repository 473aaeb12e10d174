"""Has the services answer the questions of a workflow: each is a job of one step, and its result is the outcome."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import orjson

from headchef_contracts import registry
from headchef_contracts.events.common import JobClass
from headchef_contracts.events.jobs import JobFinished, JobSubmitted

from headchef.checks import in_short
from headchef.cli.faults import WorkFailed
from headchef.cli.following.feed import Feed, Outcome, open_feed
from headchef.cli.history.describe import body_value
from headchef.cli.submission.publishing import publish_all
from headchef.runtime.log.port import Log, Producer
from headchef.workflow.progress import Ask, Came, Lost, Unit
from headchef.workflow.progress import Outcome as UnitOutcome

_CLASS: JobClass = "interactive"
_POLL_S = 0.25
_LONGEST_NAME = 80
"""Of a step's item in a job id, which may have 200 characters in all."""


class Asking:
    """Publishes jobs for questions, and reads what came of them.

    Args:
        run: starts the ids of all jobs, and is their batch.
        workflow: its name and version, for the labels.
        fields: of every job, such as its tenant.
        producer: started.
        feed: opened before the first job was published.
        namespace: first part of the topics' names.
        partitions: how many the entry has.
    """

    def __init__(
        self,
        *,
        run: str,
        workflow: str,
        fields: Mapping[str, Any],
        producer: Producer,
        feed: Feed,
        namespace: str,
        partitions: int,
    ) -> None:
        self._run = run
        self._workflow = workflow
        self._fields = fields
        self._producer = producer
        self._feed = feed
        self._namespace = namespace
        self._partitions = partitions
        self._units: dict[str, Unit] = {}

    async def ask(self, asks: Sequence[Ask], stop: asyncio.Event) -> None:
        """Publish a job for each question.

        Raises:
            WorkFailed: the log did not take all of them.
        """
        jobs = [self._job(ask) for ask in asks]
        sent = await publish_all(
            jobs,
            self._producer,
            namespace=self._namespace,
            partitions=self._partitions,
            job_class=_CLASS,
            stop=stop,
        )
        if sent.acknowledged < len(jobs) and not stop.is_set():
            why = sent.stopped or "; ".join(f"{job_id}: {reason}" for job_id, reason in sent.refused)
            raise WorkFailed(f"not all questions could be sent: {why}")

    async def answers(self) -> AsyncIterator[tuple[Unit, UnitOutcome, JobFinished | None]]:
        """Give what comes of the questions, for ever: each with its job's result, if it was accepted."""
        while True:
            for outcome in await self._feed.next(_POLL_S):
                unit = self._units.get(outcome.job_id or "")
                if unit is not None:
                    came = await self._feed.opened(outcome)
                    yield unit, _outcome_of(came), came.event if isinstance(came.event, JobFinished) else None

    def _job(self, ask: Ask) -> JobSubmitted:
        job_id = f"{self._run}.{_name_of(ask.unit)}"
        self._units[job_id] = ask.unit
        fields = {
            **ask.fields(),
            "job_id": job_id,
            "batch_id": self._run,
            "labels": {"workflow": self._workflow, "step": ask.unit.step},
            **self._fields,
        }
        try:
            event = registry.decode(JobSubmitted.event_type, JobSubmitted.version, orjson.dumps(fields))
        except registry.BrokenContract as broken:
            raise WorkFailed(f"step {ask.unit} is no job: {broken.field}: {broken.message}") from broken
        return cast(JobSubmitted, event)


@asynccontextmanager
async def asking_on(
    log: Log, *, run: str, workflow: str, fields: Mapping[str, str | None], namespace: str, partitions: int
) -> AsyncIterator[Asking]:
    """Open what asks the services that are at work on a cluster, and close it after the block.

    Args:
        log: of the cluster.
        run: starts the ids of all jobs, and is their batch.
        workflow: its name and version, for the labels.
        fields: of every job, such as its tenant; None leaves one out.
        namespace: first part of the topics' names.
        partitions: how many the entry has.
    """
    feed = await open_feed(log, namespace, "now")
    producer = log.producer(f"{namespace}.workflow", None)
    await producer.start()
    try:
        yield Asking(
            run=run,
            workflow=workflow,
            fields={name: value for name, value in fields.items() if value is not None},
            producer=producer,
            feed=feed,
            namespace=namespace,
            partitions=partitions,
        )
    finally:
        await producer.close()
        await feed.close()


def _name_of(unit: Unit) -> str:
    """Name a unit in a job id; a long key by its beginning and its hash."""
    if unit.item is None:
        return unit.step
    key = unit.item
    if len(key) > _LONGEST_NAME or not key.isprintable():
        key = f"{''.join(filter(str.isalnum, key))[:40]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return f"{unit.step}.{key}"


def _outcome_of(outcome: Outcome) -> UnitOutcome:
    event = outcome.event
    if not isinstance(event, JobFinished):
        field = f"{event.field}: " if event.field else ""
        return Lost("refused", f"{field}{event.message}")
    if event.status in ("ok", "needs_review"):
        return Came(body_value(event.output))
    if event.failure is not None:
        return Lost(event.failure.reason, event.failure.message)
    return Lost("rejected", in_short(event.findings), event.findings)
