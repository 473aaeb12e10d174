"""A broker that is late, that goes away in mid-flow and comes back; and a stop that loses and repeats nothing."""

import json
import uuid
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Producer

from headchef_contracts.topics import physical, topic

from headchef.runtime.log.kafka.admin import WantedTopic, administration
from headchef.runtime.log.kafka.settings import KafkaSettings
from tests.support.eventually import PATIENCE_S
from tests.support.kafka_server import KafkaServer
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

SLOW = {"HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.1", "HEADCHEF_EXECUTOR_CONCURRENCY": "8"}
IMPATIENT = {
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.2",
    "HEADCHEF_EXECUTOR_CONCURRENCY": "8",
    "HEADCHEF_KAFKA_TRANSACTION_TIMEOUT_S": "3",
    "HEADCHEF_KAFKA_DELIVERY_TIMEOUT_S": "3",
}


@pytest.fixture
def namespace() -> str:
    return f"brokers-{uuid.uuid4().hex[:8]}"


def publish_all(deployment: Deployment, jobs: int, *, prefix: str = "job") -> set[str]:
    """Publish distinct jobs, acknowledged, and give their ids."""
    producer = Producer({"bootstrap.servers": deployment.bootstrap})
    ids = {f"{prefix}-{number}" for number in range(jobs)}
    for job_id in ids:
        job = {"job_id": job_id, "prompt": f"Describe the lamp {job_id}."}
        producer.produce(physical(deployment.namespace, "jobs.submitted"), json.dumps(job).encode(), job_id)
    assert producer.flush(PATIENCE_S) == 0
    return ids


def check_each_once(pipeline: Pipeline, ids: set[str]) -> None:
    """See that each job has one result, and one call on record."""
    results = [it.event for it in pipeline.of("jobs.finished")]
    attempts = [it.event for it in pipeline.of("attempts.recorded")]
    assert Counter(it["status"] for it in results) == {"ok": len(ids)}
    assert Counter(it["job"]["job_id"] for it in results) == Counter(ids)
    assert Counter(it["job"]["job_id"] for it in attempts) == Counter(ids)


@pytest.mark.timeout(480)
def test_a_broker_that_comes_late_goes_away_and_dies(own_kafka: KafkaServer, namespace: str, tmp_path: Path) -> None:
    deployment = Deployment(own_kafka.bootstrap, namespace, tmp_path, environment=IMPATIENT)
    deployment.make()
    own_kafka.stop()
    try:
        deployment.start()
        for service in deployment.services:
            said = service.wait_for_output("trying again")
            assert f"Kafka at {own_kafka.bootstrap} (HEADCHEF_KAFKA) does not answer" in said
        own_kafka.start()
        deployment.wait_ready()
        with Pipeline(deployment) as pipeline:
            ids = publish_all(deployment, 150)
            pipeline.wait_for_count("jobs.finished", 60)
            own_kafka.stop()
            own_kafka.start()
            pipeline.wait_for_count("jobs.finished", 150)
            # Fresh work, so that there is some in flight when the broker dies, however late the last results were seen.
            ids |= publish_all(deployment, 200, prefix="late")
            pipeline.wait_for_count("jobs.finished", 160)
            [executor] = deployment.of("executor")
            before = len(executor.log())
            own_kafka.kill()
            executor.wait_for_output("the log is away, trying again", after=before)
            own_kafka.start()
            pipeline.wait_for_count("jobs.finished", 350)
            pipeline.settled()
            check_each_once(pipeline, ids)
    finally:
        deployment.close()


async def test_a_topic_that_keeps_less_than_the_table_says_is_named(kafka: str, namespace: str, tmp_path: Path) -> None:
    deployment = Deployment(kafka, namespace, tmp_path, counts=dict.fromkeys(("cache", "executor", "validator"), 0))
    row, name = topic("jobs.submitted"), physical(namespace, "jobs.submitted")
    settings = row.configuration() | {"retention.ms": "60000"}
    async with administration(KafkaSettings(bootstrap=kafka)) as admin:
        await admin.create([WantedTopic(name, row.partitions, 1, settings)])
    deployment.make()
    try:
        deployment.start()
        [router] = deployment.services
        said = router.wait_for_output("the topic table says")
        assert f"topic {name}: retention.ms is 60000, and the topic table says 604800000" in said
        router.wait_for("/ready")
    finally:
        deployment.close()


@pytest.mark.timeout(300)
def test_stopping_every_service_under_load_loses_and_repeats_nothing(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with (
        Deployment(kafka, namespace, tmp_path, counts={"executor": 2}, environment=SLOW) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        ids = publish_all(deployment, 400)
        for round_number, service in enumerate(deployment.services, start=1):
            pipeline.wait_for_count("jobs.finished", 60 * round_number)
            assert service.stop() == 0
            service.start()
        pipeline.wait_for_count("jobs.finished", 400)
        pipeline.settled()
        check_each_once(pipeline, ids)
        assert deployment.calls() == 400, "a drain finishes its calls: none is paid for twice"
