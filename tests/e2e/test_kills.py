"""All services as processes on real Kafka, each killed once in mid-flow: exactly one result for each job."""

import json
import threading
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.support.services import Deployment

JOBS = 2_000
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "text": {"type": "string"}},
    "required": ["title", "text"],
}


class Reader:
    """Collects a topic as a read_committed consumer sees it, in a thread of its own."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.values: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        self._ended = threading.Event()
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, "isolation.level": "read_committed"}
        )
        partitions = self._consumer.list_topics(topic, timeout=30).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def wait_for(self, count: int, within_s: float) -> None:
        """Wait until so many records have come."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.values) >= count, within_s)
        assert came, f"{len(self.values)} of {count} within {within_s} s"

    def drain(self, quiet_s: float) -> None:
        """Wait until nothing has come for a while: a second result of a job would be one too many."""
        with self._arrived:
            while self._arrived.wait(quiet_s):
                pass

    def close(self) -> None:
        """Stop reading."""
        self._ended.set()
        self._thread.join()
        self._consumer.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            for message in self._consumer.consume(500, timeout=0.1):
                if (value := message.value()) is not None:
                    with self._arrived:
                        self.values.append(json.loads(value))
                        self._arrived.notify_all()


@pytest.mark.timeout(300)
def test_every_service_killed_once_and_exactly_one_result_a_job(kafka: str, tmp_path: Path) -> None:
    namespace = f"kills-{uuid.uuid4().hex[:8]}"
    settings = {
        "HEADCHEF_SESSION_TIMEOUT_S": "6",
        "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.05",
        "HEADCHEF_EXECUTOR_CONCURRENCY": "16",
    }
    with Deployment(kafka, namespace, tmp_path, counts={"executor": 2}, environment=settings) as deployment:
        finished = Reader(kafka, f"{namespace}.jobs.finished.v1")
        attempts = Reader(kafka, f"{namespace}.attempts.recorded.v1")
        try:
            publisher = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
            for number in range(JOBS):
                job_id = f"job-{number}"
                job = {"job_id": job_id, "prompt": f"Describe chair {number}.", "output": {"schema": SCHEMA}}
                publisher.produce(f"{namespace}.jobs.submitted.v1", json.dumps(job).encode(), key=job_id)
            publisher.flush(30)
            for round_number, victim in enumerate(deployment.services, start=1):
                finished.wait_for(round_number * JOBS // (len(deployment.services) + 2), within_s=60)
                victim.kill()
                victim.start()
            finished.wait_for(JOBS, within_s=120)
            finished.drain(quiet_s=2)
        finally:
            finished.close()
            attempts.close()
    results = Counter(str(event["job"]["job_id"]) for event in finished.values)
    assert set(results) == {f"job-{number}" for number in range(JOBS)}
    assert {job: count for job, count in results.items() if count > 1} == {}
    assert Counter(str(event["status"]) for event in finished.values) == {"ok": JOBS}
    assert len(attempts.values) == JOBS, "an attempt is recorded with its result, or not at all"
