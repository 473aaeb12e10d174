"""All services as processes under a supervisor, as in production: what ends by itself is noted and started again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.qdrant_server import NoQdrant, running_qdrant
from tests.support.services import SERVICES, Deployment

SESSION_S = 6.0
"""A broker accepts no shorter one by default; the longest silence of a task is a little more than this."""

_SETTINGS = {
    "HEADCHEF_SESSION_TIMEOUT_S": str(SESSION_S),
    "HEADCHEF_KAFKA_TRANSACTION_TIMEOUT_S": "6",
    "HEADCHEF_EXECUTOR_CONCURRENCY": "16",
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.1",
    # Some steps wait for their next try, so that timers meet the faults too.
    "HEADCHEF_SIMULATOR_RATES__UNAVAILABLE": "0.02",
    "HEADCHEF_LOG_LEVEL": "INFO",
}
_ENDINGS = 20
_LAST_WORDS = 1_500


@dataclass
class Kitchen(Deployment):
    """A deployment whose services come back.

    Attributes:
        ended: what ended by itself, with the last line that it wrote.
    """

    ended: list[str] = field(init=False, default_factory=list)

    def check(self) -> None:
        """Start again what has ended; fails if the simulator has, or services end again and again."""
        self.simulator.check()
        for service in self.services:
            if service.has_ended:
                last = (service.log().strip().splitlines() or ["without a word"])[-1]
                self.ended.append(f"{service.name}: {last[:_LAST_WORDS]}")
                assert len(self.ended) <= _ENDINGS, "\n".join(["services end again and again:", *self.ended])
                service.start()


@contextmanager
def kitchen(bootstrap: str, namespace: str, folder: Path, guarantee: str) -> Iterator[Kitchen]:
    """Run two processes of each service; of the cache one, if no Qdrant server can be had for them to share.

    Args:
        bootstrap: address of the cluster.
        namespace: first part of all topic names.
        folder: for logs, locks and the embedded store.
        guarantee: `exactly_once` or `at_least_once`.
    """
    counts = dict.fromkeys(SERVICES, 2)
    settings = {**_SETTINGS, "HEADCHEF_PROCESSING_GUARANTEE": guarantee}
    try:
        with running_qdrant() as qdrant:
            settings["HEADCHEF_CACHE_QDRANT_URL"] = qdrant.url
            settings["HEADCHEF_CACHE_QDRANT_GRPC_PORT"] = str(qdrant.grpc_port)
            with Kitchen(bootstrap, namespace, folder, counts=counts, environment=settings) as running:
                yield running
    except NoQdrant:
        with Kitchen(bootstrap, namespace, folder, counts={**counts, "cache": 1}, environment=settings) as running:
            yield running
