"""Publishing: every acknowledged job is counted, an interruption says how far it came, and repeats are recognised."""

import asyncio
from collections.abc import Iterator

import pytest

from headchef_contracts import cloudevents, placement, topics
from headchef_contracts.events.common import JOB_CLASSES, JobClass
from headchef_contracts.events.jobs import JobSubmitted

from headchef.cli.submission.publishing import WINDOW, publish_all, record_of
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Partition
from tests.cli.builders import make_job
from tests.cli.clusters import NAMESPACE, make_log

PHYSICAL = topics.physical(NAMESPACE, "jobs.submitted")


async def publish(log: MemoryLog, jobs: Iterator[JobSubmitted], stop: asyncio.Event) -> tuple[int, str | None]:
    producer = log.producer("test", None)
    await producer.start()
    sent = await publish_all(jobs, producer, namespace=NAMESPACE, partitions=4, job_class="interactive", stop=stop)
    await producer.close()
    return sent.acknowledged, sent.stopped


async def published(log: MemoryLog) -> int:
    reader = await log.reader("test")
    bounds = await reader.bounds([Partition(PHYSICAL, number) for number in range(4)])
    return sum(end for _, end in bounds.values())


async def test_all_jobs_are_acknowledged() -> None:
    log = make_log()
    jobs = (make_job(f"j{number}") for number in range(1_200))
    assert await publish(log, jobs, asyncio.Event()) == (1_200, None)
    assert await published(log) == 1_200


async def test_an_interruption_waits_for_what_is_under_way_and_says_how_far_it_came() -> None:
    log, stop = make_log(), asyncio.Event()

    def jobs() -> Iterator[JobSubmitted]:
        for number in range(3 * WINDOW):
            if number == WINDOW + 5:
                stop.set()
            yield make_job(f"j{number}")

    acknowledged, stopped = await publish(log, jobs(), stop)
    assert stopped == "interrupted"
    assert acknowledged == await published(log) == WINDOW


@pytest.mark.parametrize(
    ("says", "default", "entry"),
    [
        (None, "bulk", "jobs.submitted.bulk"),
        (None, "interactive", "jobs.submitted"),
        ("interactive", "bulk", "jobs.submitted"),
        ("bulk", "interactive", "jobs.submitted.bulk"),
    ],
)
def test_a_job_lies_in_the_entry_of_its_class_and_its_bytes_do_not_tell_a_default(
    says: JobClass | None, default: JobClass, entry: str
) -> None:
    job = make_job("j1") if says is None else make_job("j1").model_copy(update={"job_class": says})
    record = record_of(job, NAMESPACE, 4, default)
    assert record.topic == topics.physical(NAMESPACE, entry)
    assert (b'"class"' in (record.value or b"")) == (says is not None)


def test_a_job_lies_in_the_topics_of_the_entry_that_is_named() -> None:
    for job_class in JOB_CLASSES:
        record = record_of(make_job("j1"), NAMESPACE, 4, job_class, "museum")
        assert record.topic == topics.physical(NAMESPACE, topics.of_class("jobs.submitted.museum", job_class))


def test_the_same_job_has_the_same_event_id_and_lies_at_home() -> None:
    one, again = (record_of(make_job("j1"), NAMESPACE, 4, "interactive") for _ in range(2))
    assert one == again
    assert one.partition == placement.home_partition("j1", None, 4)
    attributes = cloudevents.from_headers(one.headers)
    assert attributes is not None
    assert attributes.type == "headchef.job.submitted"
    other = record_of(make_job("j1").model_copy(update={"run": 1}), NAMESPACE, 4, "interactive")
    assert dict(other.headers)["ce_id"] != dict(one.headers)["ce_id"]
