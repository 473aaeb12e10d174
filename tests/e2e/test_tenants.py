"""A tenant's budget on real Kafka: a burst beyond it costs no more, though router and accounts are killed meanwhile."""

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
from tests.support.typed import typed

JOBS = 400
LIMIT = 30_000
"""Tokens: some 140 questions may be under way at once, and more are asked as answers take less than was expected."""

SETTINGS = {
    "HEADCHEF_SESSION_TIMEOUT_S": "6",
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.05",
    "HEADCHEF_EXECUTOR_CONCURRENCY": "16",
}


def publish(deployment: Deployment) -> None:
    """Publish the jobs of two tenants in turn, of which one has a budget."""
    publisher = Producer({"bootstrap.servers": deployment.bootstrap, "partitioner": "murmur2_random"})
    topic = physical(deployment.namespace, "jobs.submitted")
    for number in range(JOBS):
        for tenant in ("acme", "globex")[: 2 if number % 10 == 0 else 1]:
            job: dict[str, Any] = {
                "job_id": f"{tenant}-{number}",
                "prompt": f"Describe car {number}.",
                "tenant": tenant,
            }
            publisher.produce(topic, json.dumps(job | {"parameters": {"max_output_tokens": 200}}).encode())
    assert publisher.flush(PATIENCE_S) == 0


def tokens_of(event: dict[str, Any]) -> int:
    return int(event["usage"]["input_tokens"] + event["usage"]["output_tokens"])


@pytest.mark.timeout(300)
def test_a_burst_costs_no_more_than_the_budget_though_who_counts_is_killed(kafka: str, tmp_path: Path) -> None:
    namespace = f"tenants-{uuid.uuid4().hex[:8]}"
    counts = {"router": 2, "accounts": 2}
    with (
        Deployment(kafka, namespace, tmp_path, counts=counts, environment=SETTINGS) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        typed(deployment, "tenant", "set", "acme", "--month-tokens", str(LIMIT))
        for process in (*deployment.of("router"), *deployment.of("accounts")):
            process.wait_for_output("tenant 'acme', set by")
        publish(deployment)
        for share, victim in ((0.1, deployment.of("router")[0]), (0.2, deployment.of("accounts")[0])):
            pipeline.wait_for_count("steps.completed", int(share * JOBS))
            victim.kill()
            victim.start()
        pipeline.wait_for_count("jobs.finished", JOBS + JOBS // 10)
        pipeline.settled()
        results = [it.event for it in pipeline.of("jobs.finished")]
        planned = [it.event["step"] for it in pipeline.of("steps.planned")]
        booked = [it.event for it in pipeline.of("budgets.booked")]
        warned = [it.event["share"] for it in pipeline.of("budgets.warned")]
        shown = [json.loads(line) for line in typed(deployment, "tenant", "show", "acme", "--json").splitlines()]
    assert max(Counter(it["job"]["job_id"] for it in results).values()) == 1
    assert all(it["status"] == "ok" for it in results if it["job"]["tenant"] == "globex")
    assert {"reserved" in step for step in planned if step["job"]["tenant"] == "globex"} == {False}
    mine = [it for it in results if it["job"].get("tenant") == "acme"]
    failed = [it["failure"] for it in mine if it["status"] != "ok"]
    assert failed, "the burst was to be beyond the budget"
    assert {each["reason"] for each in failed} == {"budget_exceeded"}
    assert all(Decimal(it["cost_usd"]) == 0 for it in mine if it["status"] == "failed")
    spent = sum(map(tokens_of, mine))
    settled = [it for it in booked if "spent" in it]
    beyond = sum(max(0, it["spent"]["tokens"] - it["reserved"]["amount"]["tokens"]) for it in settled)
    assert len(settled) == len(mine) - len(failed)
    largest = max(it["reserved"]["amount"]["tokens"] for it in settled)
    assert LIMIT - largest < spent <= LIMIT + beyond, "as much as fits, and no more than is promised"
    assert sorted(warned) == [0.5, 0.8, 0.95]
    [month] = [each["tokens"] for each in shown if each["period"] == "month"]
    assert (month["spent"], month["limit"]) == (spent, LIMIT)
