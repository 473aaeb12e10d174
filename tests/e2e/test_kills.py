"""All services as processes on real Kafka, each killed once in mid-flow: exactly one result for each job."""

import json
import uuid
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer

from headchef_contracts.topics import physical

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS = 2_000
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "text": {"type": "string"}},
    "required": ["title", "text"],
}


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
        publisher = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
        for number in range(JOBS):
            job_id = f"job-{number}"
            job = {"job_id": job_id, "prompt": f"Describe chair {number}.", "output": {"schema": SCHEMA}}
            publisher.produce(physical(namespace, "jobs.submitted"), json.dumps(job).encode(), key=job_id)
        assert publisher.flush(30) == 0
        for round_number, victim in enumerate(deployment.services, start=1):
            pipeline.wait_for_count("jobs.finished", round_number * JOBS // (len(deployment.services) + 2), within_s=60)
            victim.kill()
            victim.start()
        pipeline.wait_for_count("jobs.finished", JOBS, within_s=120)
        pipeline.settled()
        finished, attempts = pipeline.of("jobs.finished"), pipeline.of("attempts.recorded")
    results = Counter(str(it.event["job"]["job_id"]) for it in finished)
    assert set(results) == {f"job-{number}" for number in range(JOBS)}
    assert {job: count for job, count in results.items() if count > 1} == {}
    assert Counter(str(it.event["status"]) for it in finished) == {"ok": JOBS}
    assert len(attempts) == JOBS, "an attempt is recorded with its result, or not at all"
