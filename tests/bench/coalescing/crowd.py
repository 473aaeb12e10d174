"""Many equal jobs at once, through all services on a real Kafka: how many calls they cost."""

import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.bench.load import Job, Load, make_jobs
from tests.support.kafka_server import KafkaServer
from tests.support.services import Deployment

Figures = dict[str, float]

JOBS = 10_000
_LATENCY_S = 30.0
"""Of the one answer: longer than it takes to submit all."""


def crowd(server: KafkaServer, count: int = JOBS) -> Figures:
    """Measure one deployment with one process of each service, exactly once.

    Args:
        server: the broker.
        count: equal jobs.
    """
    namespace = f"crowd-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="headchef-crowd-") as folder:
        deployment = Deployment(
            server.bootstrap,
            namespace,
            Path(folder),
            environment={
                "HEADCHEF_LOG_LEVEL": "WARNING",
                "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": str(_LATENCY_S),
                "HEADCHEF_SIMULATOR_LATENCY_SIGMA": "0",
                "HEADCHEF_EXECUTOR_CALL_TIMEOUT_S": str(4 * _LATENCY_S),
                "HEADCHEF_CACHE_WAIT_S": str(20 * _LATENCY_S),
            },
        )
        with deployment:
            load = Load(server.bootstrap, namespace)
            try:
                before_s = sum(each.usage().cpu_s for each in deployment.services)
                results = load.run(list(_equal(count)))
                used_s = sum(each.usage().cpu_s for each in deployment.services) - before_s
                calls = deployment.calls()
            finally:
                load.close()
    if results.statuses != {"ok": count} or results.duplicates:
        raise RuntimeError(f"not what was to be measured: {results.statuses}, {results.duplicates} duplicates")
    return {
        "coalescing.crowd.jobs": count,
        "coalescing.crowd.calls": calls,
        "coalescing.crowd.waited": results.caches.get("coalesced", 0),
        "coalescing.crowd.rest_s": results.seconds - _LATENCY_S,
        "coalescing.crowd.cpu_us_per_job": used_s / count * 1e6,
    }


def _equal(count: int) -> Iterator[Job]:
    """Make jobs that ask the same."""
    [job] = make_jobs("crowd", 1)
    body = json.loads(job.value)
    for number in range(count):
        yield Job(f"crowd-{number}", json.dumps({**body, "job_id": f"crowd-{number}"}).encode())
