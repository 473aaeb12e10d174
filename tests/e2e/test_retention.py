"""Work that waits too long, on real Kafka: refused at the door before it can expire, and named if it does expire."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.topics import physical, topic

from headchef.runtime.log.kafka.admin import WantedTopic, administration
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Partition
from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

LANE_TOPIC = "steps.dispatched.default"
LETTERS = f"{LANE_TOPIC}.dlq"
RETENTION_S = 600
"""So much longer than what waits for six seconds that nothing expires however long an executor takes to start."""

_PAUSE_S = 0.25


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Run in a thread, since this thread's own event loop belongs to the test runner."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def make_short_lived(bootstrap: str, namespace: str) -> None:
    """Make the lane's topic with a retention whose hundredth a test can wait for; the deployment leaves it as it is."""
    row = topic(LANE_TOPIC)
    configuration = row.configuration() | {"retention.ms": str(RETENTION_S * 1000)}
    async with administration(KafkaSettings(bootstrap=bootstrap)) as admin:
        await admin.create([WantedTopic(physical(namespace, LANE_TOPIC), row.partitions, 1, configuration)])


async def expire(bootstrap: str, before: dict[Partition, int]) -> None:
    async with administration(KafkaSettings(bootstrap=bootstrap)) as admin:
        await admin.delete_records(before)


def job(job_id: str) -> dict[str, str]:
    return {"job_id": job_id, "prompt": f"Describe the chair {job_id}."}


@pytest.mark.timeout(300)
def test_jobs_are_refused_before_work_can_expire_and_taken_again_after(kafka: str, tmp_path: Path) -> None:
    namespace = f"full-{uuid.uuid4().hex[:8]}"
    apart(make_short_lived(kafka, namespace))
    settings = {
        "HEADCHEF_BACKLOG_LOOK_S": "0.2",
        "HEADCHEF_ROUTER_REFUSE_AT": "0.01",
        "HEADCHEF_ROUTER_ACCEPT_BELOW": "0.005",
    }
    published: list[str] = []
    with Deployment(kafka, namespace, tmp_path, environment=settings) as deployment, Pipeline(deployment) as pipeline:
        [executor] = deployment.of("executor")
        executor.stop()

        def publish_until(topic: str, count: int) -> None:
            deadline = time.monotonic() + PATIENCE_S
            while len(pipeline.of(topic)) < count:
                assert time.monotonic() < deadline, f"no {count} in {topic}, of {len(published)} published"
                published.append(f"job-{len(published)}")
                pipeline.publish(job(published[-1]), key=published[-1])
                time.sleep(_PAUSE_S)

        publish_until("jobs.refused", 3)
        pipeline.publish(job(published[0]), key=published[0])
        accepted = len(pipeline.of(LANE_TOPIC))
        executor.start()
        publish_until("jobs.finished", accepted + 3)
        pipeline.settled()
        refusals = [it.event for it in pipeline.of("jobs.refused")]
        letters = pipeline.of("jobs.submitted.dlq")
        finished = [it.event["job"]["job_id"] for it in pipeline.of("jobs.finished")]
    refused = [it["job_id"] for it in refusals]
    assert {it["reason"] for it in refusals} == {"overloaded"}
    assert all(
        it["message"].startswith(LANE_TOPIC) and f"of {RETENTION_S / 60} minutes" in it["message"] for it in refusals
    )
    assert Counter(finished) + Counter(refused) == Counter(published), "each has one answer, and only one"
    assert Counter(it.event["job_id"] for it in letters) == Counter(refused), "the raw bytes are kept"
    assert published[0] in finished, "that it came again when the door was shut refuses nothing"


@pytest.mark.timeout(300)
def test_what_expires_all_the_same_is_named_and_never_skipped(kafka: str, tmp_path: Path) -> None:
    namespace, jobs = f"late-{uuid.uuid4().hex[:8]}", 40
    with Deployment(kafka, namespace, tmp_path) as deployment, Pipeline(deployment) as pipeline:
        [executor] = deployment.of("executor")
        executor.stop()
        for number in range(jobs):
            pipeline.publish(job(f"job-{number}"), key=f"job-{number}")
        steps = pipeline.wait_for_count(LANE_TOPIC, jobs)
        lost = [it for it in steps if it.partition % 2 == 0]
        before = {it.partition: it.offset + 1 for it in sorted(lost, key=lambda it: it.offset)}
        name = physical(namespace, LANE_TOPIC)
        apart(expire(kafka, {Partition(name, number): offset for number, offset in before.items()}))

        executor.start()
        assert executor.wait() == 1, "it halts"
        said = executor.wait_for_output("expired before they were read")
        assert any(f"{name}[{number}]: offsets 0 to {offset - 1} expired" in said for number, offset in before.items())
        assert not pipeline.of(LETTERS), "nothing is passed over"

        executor.set("HEADCHEF_AFTER_LOSS", "earliest")
        executor.start()
        letters = pipeline.wait_for_count(LETTERS, len(before))
        pipeline.wait_for_count("jobs.finished", jobs - len(lost))
        pipeline.settled()
        finished = {it.event["job"]["job_id"] for it in pipeline.of("jobs.finished")}
    named = {it.partition: (it.headers["headchef-lost-first"], it.headers["headchef-lost-last"]) for it in letters}
    assert named == {number: ("0", str(offset - 1)) for number, offset in before.items()}
    assert finished == {f"job-{number}" for number in range(jobs)} - {it.event["step"]["job"]["job_id"] for it in lost}
