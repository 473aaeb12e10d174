"""Carries out `cache correct`: finds a job's answer, and tells the cache that it was wrong."""

import asyncio
import json
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.corrections import MAX_RIGHT_BYTES, AnswerCorrected

from headchef.cli.cluster import Cluster, named_cluster, opened, patiently, read_patiently
from headchef.cli.correcting.choosing import Said, correction
from headchef.cli.correcting.reading import Answers, answers_of
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.screen import Screen
from headchef.runtime.errors import SendFailed
from headchef.runtime.log.port import Log, NewRecord

TOPIC = "answers.corrected"
_SOURCE = "/headchef/cli"


def carry_out(said: Said, right: str | None, records: int, patience_s: float, *, as_json: bool) -> None:
    """Find the answer, and say that it was wrong.

    Args:
        said: which is meant, and why.
        right: a file with what would have been right, - for standard input; None for none.
        records: at most this many of the newest records of a partition are looked at.
        patience_s: how long to wait for Kafka, in seconds.
        as_json: show the event itself.

    Raises:
        WrongUsage: an option is wrong, or does not say which answer is meant; nothing was sent.
        WorkFailed: no such answer is known, or the log does not take the event.
    """
    said.see()
    if right is not None:
        said = replace(said, right=_read(right))
    screen, cluster = Screen(as_json=as_json), named_cluster()
    answers = asyncio.run(_answers(cluster, screen, said.job_id, records, patience_s))
    event = correction(said, answers, datetime.now(UTC))
    asyncio.run(_send(event, cluster, screen, patience_s))
    screen.say(_in_words(event), "green")
    if as_json:
        screen.data(event.model_dump(mode="json", exclude_unset=True))


async def publish(log: Log, namespace: str, event: AnswerCorrected) -> None:
    """Write the event to its topic, and wait until all replicas have it.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        event: that an answer was wrong.

    Raises:
        WorkFailed: there is no such topic, or the log does not take it.
    """
    written, key = registry.write(event), topics.key_of(TOPIC, event)
    attributes = cloudevents.Attributes(
        id=str(uuid.uuid4()),
        source=_SOURCE,
        type=event.event_type,
        version=written.version,
        time=event.at,
        subject=event.asker.job_id,
    )
    name = topics.physical(namespace, TOPIC)
    if name not in await log.partition_counts([name]):
        raise WorkFailed(f"there is no topic {name}", "make the topics with `headchef topics create`")
    producer = log.producer(f"{namespace}.correct", None)
    await producer.start()
    try:
        record = NewRecord(name, written.data, key, headers=cloudevents.to_headers(attributes))
        for acknowledged in await producer.send([record]):
            await acknowledged
    except SendFailed as refused:
        raise WorkFailed(f"the log does not take it: {refused}") from refused
    finally:
        await producer.close()


def _in_words(event: AnswerCorrected) -> str:
    job = event.asker.job_id
    whose = "its own" if event.source_job_id == job else f"that of {event.source_job_id}"
    then = (
        "the cache gives it to nobody any more"
        if event.cache.kind != "semantic"
        else ("the cache gives it to nobody any more, and counts that it was wrong for these words")
    )
    return f"the answer of {job}, {whose}, was wrong: {then}"


def _read(source: str) -> Any:
    """Read what would have been right: JSON, or else text."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"--right: {source} cannot be read: {error}") from error
    if not text.strip():
        raise WrongUsage(f"--right: {source} is empty")
    if (size := len(json.dumps(text).encode())) > MAX_RIGHT_BYTES:
        raise WrongUsage(f"--right: {source} has {size:,} bytes; at most {MAX_RIGHT_BYTES:,} are taken")
    try:
        return json.loads(text)
    except ValueError:
        return text


async def _answers(cluster: Cluster, screen: Screen, job_id: str, records: int, patience_s: float) -> Answers:
    return await read_patiently(
        cluster,
        screen,
        "reading topics",
        patience_s,
        lambda log, meter: answers_of(log, cluster.namespace, job_id, max_records=records, progress=meter.update),
    )


async def _send(event: AnswerCorrected, cluster: Cluster, screen: Screen, patience_s: float) -> None:
    async with opened(cluster) as log:
        await patiently(
            lambda: publish(log, cluster.namespace, event), cluster=cluster, screen=screen, patience_s=patience_s
        )
