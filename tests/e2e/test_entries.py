"""Tenants that are bound to an entry, on real Kafka: who claims one by another topic changes nothing."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from headchef_contracts.topics import physical

from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

SETTINGS = {"HEADCHEF_ENTRIES": "museum", "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.05"}
ENTRY, PUBLIC = "jobs.submitted.museum", "jobs.submitted"

SENT = (
    ("mine", "acme", ENTRY),
    ("mine-bulk", "acme", f"{ENTRY}.bulk"),
    ("theirs", "globex", PUBLIC),
    ("stolen", "acme", PUBLIC),
    ("mine", "acme", f"{PUBLIC}.bulk"),
    ("strayed", "globex", ENTRY),
)
"""Job, tenant and topic; the last three may not be."""


def publish(deployment: Deployment) -> None:
    """Publish all of it."""
    publisher = Producer({"bootstrap.servers": deployment.bootstrap, "partitioner": "murmur2_random"})
    for job_id, tenant, topic in SENT:
        job = {
            "job_id": job_id,
            "prompt": f"Describe {topic}.",
            "tenant": tenant,
            "batch_id": "spring",
            "batch_size": 2,
        }
        publisher.produce(physical(deployment.namespace, topic), json.dumps(job).encode())
    assert publisher.flush(PATIENCE_S) == 0


def named(event: dict[str, Any]) -> tuple[str, str]:
    return event["job"].get("tenant", "default"), event["job"]["job_id"]


@pytest.mark.timeout(300)
def test_a_bound_tenant_is_claimed_by_its_entry_alone(kafka: str, tmp_path: Path) -> None:
    namespace = f"entries-{uuid.uuid4().hex[:8]}"
    counts = {"batches": 1}
    with (
        Deployment(kafka, namespace, tmp_path, counts=counts, environment=SETTINGS) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        typed(deployment, "tenant", "set", "acme", "--entry", "museum", **SETTINGS)
        for process in deployment.of("router"):
            process.wait_for_output("tenant 'acme', set by")
        publish(deployment)
        pipeline.wait_for_count("jobs.finished", 3)
        pipeline.wait_for_count("jobs.refused", 3)
        pipeline.wait_for_count("batches.finished", 1)
        job = ("--prompt", "Say hello.", "--job-id", "typed", "--tenant", "acme")
        typed(deployment, "submit", *job, "--entry", "museum", "--wait", **SETTINGS)
        pipeline.settled()
        results = [it.event for it in pipeline.of("jobs.finished")]
        refused = [it.event for it in pipeline.of("jobs.refused")]
        [batch] = [it.event for it in pipeline.of("batches.finished")]
        letters = [json.loads(line) for line in typed(deployment, "dlq", "list", "--json", **SETTINGS).splitlines()]
    done = [("acme", "mine"), ("acme", "mine-bulk"), ("acme", "typed"), ("globex", "theirs")]
    assert sorted(map(named, results)) == done
    assert {it["status"] for it in results} == {"ok"}
    assert sorted((it["job_id"], it["source"]["topic"]) for it in refused) == [
        ("mine", f"{PUBLIC}.bulk"),
        ("stolen", PUBLIC),
        ("strayed", ENTRY),
    ]
    assert {(it["reason"], it.get("tenant"), it.get("batch_id")) for it in refused} == {
        ("tenant_not_allowed", None, None)
    }
    assert batch["tenant"] == "acme", "globex' batch waits for its second job, and acme's has its own two"
    assert len(letters) == len(refused)
