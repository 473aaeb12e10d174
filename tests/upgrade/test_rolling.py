"""Three releases in a row on real Kafka, process by process and back, while jobs keep coming: nothing is lost."""

import signal
import uuid
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from headchef_contracts.topics import required

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment, ServiceProcess
from tests.upgrade.traffic import Traffic
from tests.upgrade.versions import Release

CHANGED = ("steps.dispatched.default", "steps.completed")
DEAD_LETTERS = [row.logical for row in required(["default"]) if row.logical.endswith(".dlq")]
ENOUGH = 20
SETTINGS = {
    "HEADCHEF_SESSION_TIMEOUT_S": "6",
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.02",
    "HEADCHEF_SIMULATOR_RATES__SERVER_ERROR": "0.1",
    "HEADCHEF_EXECUTOR_MAX_ATTEMPTS": "8",
}
"""Some calls fail, so that steps wait as timers: those are state that the next release must read."""


def put(release: Release, processes: Iterable[ServiceProcess]) -> None:
    """Replace processes by those of another release, as an orchestrator does: drained, then started anew."""
    chosen = list(processes)
    for process in chosen:
        process.signal(signal.SIGTERM)
    for process in chosen:
        assert process.wait() == 0, process.log()[-4000:]
        replace(process, release)
    for process in chosen:
        process.wait_for("/ready")


def replace(process: ServiceProcess, release: Release) -> None:
    """Start another release in the place of a process that has ended."""
    service, _, _ = process.name.partition("-")
    process.arguments = ("-m", "tests.upgrade.release", release, service)
    process.start()


def versions(pipeline: Pipeline, topic: str, after: int = 0) -> Counter[int]:
    """Count the records of a topic by the version that their headers name."""
    return Counter(int(it.headers["ce_dataschema"].rpartition(":")[2]) for it in pipeline.of(topic)[after:])


def wait_for_versions(pipeline: Pipeline, topic: str, *wanted: int) -> None:
    """Wait until enough of each of these versions have been written from now on."""
    after = len(pipeline.of(topic))
    pipeline.wait_until(lambda: all(versions(pipeline, topic, after)[each] >= ENOUGH for each in wanted))


@pytest.mark.timeout(480)
def test_neighbouring_releases_run_side_by_side_and_lose_nothing(kafka: str, tmp_path: Path) -> None:
    namespace = f"rolling-{uuid.uuid4().hex[:8]}"
    counts = {"executor": 2, "validator": 2}
    with (
        Deployment(kafka, namespace, tmp_path, counts=counts, environment=SETTINGS) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        concerned = [process for process in deployment.services if process not in deployment.of("router")]
        first = [process for process in concerned if process.name.endswith("-0")]
        second = [process for process in concerned if process not in first]
        with Traffic(pipeline) as traffic:
            wait_for_versions(pipeline, "steps.completed", 1)
            put("reads", second)
            wait_for_versions(pipeline, "steps.completed", 1)
            put("reads", first)
            for topic in CHANGED:
                assert set(versions(pipeline, topic)) == {1}, "version 2 is held back"
            put("writes", second)
            wait_for_versions(pipeline, "steps.completed", 1, 2)
            put("writes", first)
            for topic in CHANGED:
                wait_for_versions(pipeline, topic, 2)
            put("reads", first)
            wait_for_versions(pipeline, "steps.dispatched.default", 1)
            wait_for_versions(pipeline, "steps.completed", 1, 2)
        pipeline.wait_for_count("jobs.finished", len(traffic.job_ids))
        pipeline.settled()
        finished = [it.event for it in pipeline.of("jobs.finished")]
        dead = [it for topic in DEAD_LETTERS for it in pipeline.of(topic)]
    assert Counter(it["job"]["job_id"] for it in finished) == Counter(traffic.job_ids)
    assert {it["status"] for it in finished} == {"ok"}
    # Who asks what is being asked waits for its answer: that is rare here, as the first has mostly come by then.
    assert {it["cache"]["kind"] for it in finished} - {"coalesced"} == {"miss", "exact"}
    assert all(it["cost_usd"] is not None for it in finished), "a field that was renamed is carried over"
    assert any(it["provenance"]["attempts"] > 1 for it in finished), "none has waited as state"
    assert not dead


@pytest.mark.timeout(300)
def test_old_processes_halt_at_what_a_release_that_they_skipped_writes(kafka: str, tmp_path: Path) -> None:
    """The cache is upgraded by two releases at once, under an old executor and an old validator."""
    namespace, jobs = f"skipped-{uuid.uuid4().hex[:8]}", [f"job-{number}" for number in range(ENOUGH)]
    with Deployment(kafka, namespace, tmp_path) as deployment, Pipeline(deployment) as pipeline:
        put("writes", deployment.of("cache"))
        for job_id in jobs:
            pipeline.publish({"job_id": job_id, "prompt": f"Describe chair {job_id}."}, key=job_id)
        for service in ("executor", "validator"):
            [process] = deployment.of(service)
            assert process.wait() == 1
            assert "has no version 2 here" in process.log()
            assert "upgrade this processor first" in process.log()
            replace(process, "writes")
        pipeline.wait_for_count("jobs.finished", len(jobs))
        pipeline.settled()
        finished = [it.event for it in pipeline.of("jobs.finished")]
        dead = [it for topic in DEAD_LETTERS for it in pipeline.of(topic)]
    assert Counter(it["job"]["job_id"] for it in finished) == Counter(jobs)
    assert {it["status"] for it in finished} == {"ok"}
    assert not dead
