"""Paid calls stop at a word on real Kafka, stay stopped through a crash, and go on or end as an operator says."""

import json
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import Desk
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS = 300
SETTINGS = {
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "1",
    "HEADCHEF_SIMULATOR_LATENCY_SIGMA": "0",
    "HEADCHEF_EXECUTOR_CONCURRENCY": "4",
}


class Office:
    """A running deployment with two executors, and a desk to stop its work from."""

    def __init__(self, deployment: Deployment, pipeline: Pipeline, folder: Path) -> None:
        settings = {"HEADCHEF_KAFKA": deployment.bootstrap, "HEADCHEF_NAMESPACE": deployment.namespace}
        self._desk = Desk(folder, settings)
        self.deployment, self.pipeline = deployment, pipeline

    def submit(self, job_id: str, **fields: Any) -> None:
        job = {"job_id": job_id, "prompt": f"Describe chair {job_id}.", "tenant": "acme", **fields}
        self.pipeline.publish(job, key=job_id)

    def say(self, *words: str) -> dict[str, Any]:
        """Type a command with `--yes --json`, and give what it says."""
        found = json.loads(self._desk.type(*words, "--yes", "--json"))
        assert isinstance(found, dict)
        return found

    def brakes(self) -> list[tuple[str, str]]:
        lines = self._desk.type("brakes", "--json").splitlines()
        return [(each["action"], each["because"]) for each in map(json.loads, lines)]

    def done(self, tenant: str) -> str:
        """Have a job of a tenant done, and give its status."""
        job_id = f"job-{uuid.uuid4().hex[:8]}"
        self.submit(job_id, tenant=tenant)
        return str(self.pipeline.result(job_id)["status"])


@pytest.mark.timeout(300)
def test_work_is_paused_cancelled_and_resumed(kafka: str, tmp_path: Path) -> None:
    namespace = f"brakes-{uuid.uuid4().hex[:8]}"
    with (
        Deployment(kafka, namespace, tmp_path, counts={"executor": 2}, environment=SETTINGS) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        office = Office(deployment, pipeline, tmp_path)
        assert office.brakes() == [], "and what commands need is at hand when it counts"
        for number in range(JOBS):
            office.submit(f"job-{number}", batch_id="first" if number % 2 else "second")
        pipeline.wait_for_count("attempts.recorded", 10)
        paused = office.say("pause", "--tenant", "acme", "--because", "wrong currency")
        since = it_is_heeded_while_others_go_on(office)
        it_stays_so_when_an_executor_has_crashed(office)
        cancelled = office.say("cancel", "--batch", "first", "--because", "wrong source")
        every_job_of_the_batch_has_a_result(office, cancelled["unfinished"])
        assert office.brakes() == [("pause", "wrong currency"), ("cancel", "wrong source")]
        resumed = office.say("resume", "--tenant", "acme")
        pipeline.wait_until(lambda: len({it.key for it in pipeline.of("jobs.finished")}) == JOBS + 2)
        what_is_submitted_afterwards_runs(office)
        pipeline.settled()
        calls = [it.event for it in pipeline.of("attempts.recorded") if it.event["job"]["tenant"] == "acme"]
        results = Counter(
            (it.event["job"]["job_id"], it.event["job"]["run"], it.event["status"])
            for it in pipeline.of("jobs.finished")
        )

    assert paused["unfinished"] > JOBS / 4, "many more than there are places for"
    until = datetime.fromisoformat(resumed["set_at"])
    late = [call["job"]["job_id"] for call in calls if since < datetime.fromisoformat(call["started_at"]) < until]
    assert late == [], "no call began while its tenant was paused"
    assert set(results.values()) == {1}
    statuses = Counter(status for _, _, status in results)
    assert statuses == {"ok": JOBS + 3 - cancelled["unfinished"], "cancelled": cancelled["unfinished"]}


def it_is_heeded_while_others_go_on(office: Office) -> datetime:
    """Many steps are paused in the same partitions, and no place waits for them; give since when nothing is called."""
    assert office.done("other") == "ok"
    office.pipeline.settled()
    since, before = datetime.now(UTC), office.deployment.calls()
    assert office.done("other") == "ok"
    assert office.deployment.calls() == before + 1
    for executor in office.deployment.of("executor"):
        executor.wait_for("/ready")
    return since


def it_stays_so_when_an_executor_has_crashed(office: Office) -> None:
    before, (first, _) = office.deployment.calls(), office.deployment.of("executor")
    first.kill()
    first.start()
    first.wait_for("/ready")
    office.pipeline.settled()
    assert office.deployment.calls() == before


def every_job_of_the_batch_has_a_result(office: Office, unfinished: int) -> None:
    def ended() -> list[dict[str, Any]]:
        found = [it.event for it in office.pipeline.of("jobs.finished") if it.event["job"]["batch_id"] == "first"]
        return found if len(found) == JOBS // 2 else []

    results = office.pipeline.wait_for(ended)
    cancelled = [each for each in results if each["status"] == "cancelled"]
    assert len(cancelled) == unfinished > 0
    for each in cancelled:
        assert each["failure"]["reason"] == "cancelled"
        assert each["failure"]["message"].startswith("batch=first was cancelled by ")
        assert each["failure"]["message"].endswith(": wrong source")
        assert (each["provenance"]["attempts"], each["output"]) == (0, None)


def what_is_submitted_afterwards_runs(office: Office) -> None:
    results = [it.event for it in office.pipeline.of("jobs.finished")]
    job_id = next(each["job"]["job_id"] for each in results if each["status"] == "cancelled")
    office.submit(job_id, batch_id="first", run=1)
    office.pipeline.wait_until(lambda: any(each["job"]["run"] == 1 for each in office.pipeline.results(job_id)))
