"""Publishes jobs at a steady rate while all else breaks, some of them twice; knows which were acknowledged."""

import json
import threading
from random import Random

from confluent_kafka import KafkaError, Message, Producer

from headchef_contracts.topics import physical

_REPEATED_SHARE = 0.05
_SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "text": {"type": "string"}},
    "required": ["title", "text"],
}
_FLUSH_S = 120.0


class Upstream:
    """A publisher in a thread of its own, as patient as a publisher should be.

    Args:
        bootstrap: address of the cluster.
        namespace: first part of all topic names.
        per_second: jobs; repetitions come on top.
        chance: which jobs are published twice.
    """

    def __init__(self, bootstrap: str, namespace: str, per_second: float, chance: Random) -> None:
        self._topic = physical(namespace, "jobs.submitted")
        self._pause_s = 1 / per_second
        self._chance = chance
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._accepted: set[str] = set()
        self._refused: list[str] = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 2,
                "log_level": 2,
            }
        )
        self._thread = threading.Thread(target=self._publish)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def accepted(self) -> set[str]:
        """Give the ids of the jobs that the cluster has acknowledged."""
        with self._lock:
            return set(self._accepted)

    def stop(self) -> None:
        """Publish no more, and wait for every acknowledgement."""
        self._ended.set()
        self._thread.join()
        assert self._producer.flush(_FLUSH_S) == 0, "the cluster acknowledges nothing"
        assert not self._refused, self._refused[:3]

    def _publish(self) -> None:
        number = 0
        while not self._ended.wait(self._pause_s):
            job_id = f"job-{number}"
            job = {"job_id": job_id, "prompt": f"Describe chair {number}.", "output": {"schema": _SCHEMA}}
            for _ in range(1 + (self._chance.random() < _REPEATED_SHARE)):
                self._producer.produce(self._topic, json.dumps(job), job_id, on_delivery=self._delivered)
            self._producer.poll(0)
            number += 1

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        with self._lock:
            if error is not None:
                self._refused.append(str(error))
                return
            job_id = message.key()
            assert job_id is not None
            self._accepted.add(job_id.decode())
