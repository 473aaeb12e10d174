"""Batches on real Kafka: each is told of once with the counts of its results, though services are killed meanwhile."""

import json
import uuid
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from headchef_contracts.topics import physical

from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

BATCHES, SIZE = ("spring", "summer", "autumn"), 250
SETTINGS = {
    "HEADCHEF_SESSION_TIMEOUT_S": "6",
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.05",
    "HEADCHEF_EXECUTOR_CONCURRENCY": "16",
}


def publish(deployment: Deployment) -> None:
    """Publish the jobs of all batches in turn, acknowledged; every tenth is refused."""
    publisher = Producer({"bootstrap.servers": deployment.bootstrap, "partitioner": "murmur2_random"})
    topic = physical(deployment.namespace, "jobs.submitted")
    for number in range(SIZE):
        for batch in BATCHES:
            job_id = f"{batch}-{number}"
            job: dict[str, Any] = {"job_id": job_id, "prompt": f"Describe {job_id}.", "batch_id": batch}
            job |= {"batch_size": SIZE, **({"model": "nonesuch"} if number % 10 == 0 else {})}
            publisher.produce(topic, json.dumps(job).encode(), key=job_id)
    assert publisher.flush(PATIENCE_S) == 0


@pytest.mark.timeout(300)
def test_each_batch_is_told_of_once_though_whoever_counts_is_killed_again_and_again(kafka: str, tmp_path: Path) -> None:
    namespace = f"batches-{uuid.uuid4().hex[:8]}"
    with (
        Deployment(kafka, namespace, tmp_path, counts={"batches": 2}, environment=SETTINGS) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        publish(deployment)
        victims = [*deployment.of("batches"), *deployment.of("validator"), *deployment.of("router")]
        victims += deployment.of("batches")
        for round_number, victim in enumerate(victims, start=1):
            share = round_number / (len(victims) + 2)
            pipeline.wait_for_count("batches.counted", int(share * SIZE * len(BATCHES)))
            victim.kill()
            victim.start()
        pipeline.wait_for_count("batches.finished", len(BATCHES))
        pipeline.settled()
        finished = [it.event for it in pipeline.of("batches.finished")]
        counted = Counter(it.event["job_id"] for it in pipeline.of("batches.counted"))
        results = [it.event for it in pipeline.of("jobs.finished")]
    assert sorted(it["batch_id"] for it in finished) == sorted(BATCHES)
    assert len(counted) == SIZE * len(BATCHES)
    assert set(counted.values()) == {1}, "what is passed on is there once too"
    for event in finished:
        mine = [it for it in results if it["job"]["batch_id"] == event["batch_id"]]
        assert event["counts"]["ok"] == len(mine) == SIZE - SIZE // 10
        assert event["counts"]["refused"] == SIZE // 10
        assert Decimal(event["cost_usd"]) == sum(Decimal(it["cost_usd"]) for it in mine)
        assert event["usage"]["input_tokens"] == sum(it["usage"]["input_tokens"] for it in mine)
