"""All services as processes on real Kafka, each killed once in mid-flow: exactly one result for each job."""

import json
import uuid
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer

from headchef_contracts.topics import physical

from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS = 2_000
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "text": {"type": "string"}},
    "required": ["title", "text"],
}


def publish(deployment: Deployment, jobs: int) -> None:
    """Publish distinct jobs, acknowledged."""
    publisher = Producer({"bootstrap.servers": deployment.bootstrap, "partitioner": "murmur2_random"})
    topic = physical(deployment.namespace, "jobs.submitted")
    for number in range(jobs):
        job_id = f"job-{number}"
        job = {"job_id": job_id, "prompt": f"Describe chair {number}.", "output": {"schema": SCHEMA}}
        publisher.produce(topic, json.dumps(job).encode(), key=job_id)
    assert publisher.flush(PATIENCE_S) == 0


@pytest.mark.timeout(300)
def test_every_service_killed_once_and_exactly_one_result_a_job(kafka: str, tmp_path: Path) -> None:
    namespace = f"kills-{uuid.uuid4().hex[:8]}"
    settings = {
        "HEADCHEF_SESSION_TIMEOUT_S": "6",
        "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.05",
        "HEADCHEF_EXECUTOR_CONCURRENCY": "16",
    }
    with (
        Deployment(kafka, namespace, tmp_path, counts={"executor": 2}, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        publish(deployment, JOBS)
        for round_number, victim in enumerate(deployment.services, start=1):
            pipeline.wait_for_count("jobs.finished", round_number * JOBS // (len(deployment.services) + 2))
            victim.kill()
            victim.start()
        pipeline.wait_for_count("jobs.finished", JOBS)
        pipeline.settled()
        finished, attempts = pipeline.of("jobs.finished"), pipeline.of("attempts.recorded")
    results = Counter(str(it.event["job"]["job_id"]) for it in finished)
    assert set(results) == {f"job-{number}" for number in range(JOBS)}
    assert {job: count for job, count in results.items() if count > 1} == {}
    assert Counter(str(it.event["status"]) for it in finished) == {"ok": JOBS}
    assert len(attempts) == JOBS, "an attempt is recorded with its result, or not at all"


@pytest.mark.timeout(300)
def test_a_kill_forgets_no_attempt_of_a_step_that_waits(kafka: str, tmp_path: Path) -> None:
    """Half of the calls fail and are tried again later, while the executor is killed again and again."""
    namespace, jobs = f"waits-{uuid.uuid4().hex[:8]}", 60
    settings = {
        "HEADCHEF_SESSION_TIMEOUT_S": "6",
        "HEADCHEF_SIMULATOR_RATES__SERVER_ERROR": "0.5",
        "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.02",
        "HEADCHEF_EXECUTOR_MAX_ATTEMPTS": "5",
    }
    with (
        Deployment(kafka, namespace, tmp_path, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        publish(deployment, jobs)
        [executor] = deployment.of("executor")
        for kill in range(1, 4):
            pipeline.wait_for_count("attempts.recorded", 30 * kill)
            executor.kill()
            executor.start()
        pipeline.wait_for_count("jobs.finished", jobs)
        pipeline.settled()
        finished = [it.event for it in pipeline.of("jobs.finished")]
        attempts = [it.event for it in pipeline.of("attempts.recorded")]
    assert Counter(it["job"]["job_id"] for it in finished) == Counter(f"job-{number}" for number in range(jobs))
    numbers: dict[str, list[int]] = {}
    for attempt in attempts:
        numbers.setdefault(attempt["job"]["job_id"], []).append(attempt["number"])
    assert {job: sorted(found) for job, found in numbers.items()} == {
        it["job"]["job_id"]: list(range(1, it["provenance"]["attempts"] + 1)) for it in finished
    }
    assert max(it["provenance"]["attempts"] for it in finished) > 2, "so few attempts prove nothing"
