"""A lane whose account has no valid key: it stands still, says why, and goes on without a restart once it has one."""

import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS = 40
RIGHT, WRONG = "sk-right-4711", "sk-revoked-4711"
CATALOGUE = """
defaults: {model: simulated}
providers:
  simulator: {base_url: "${HEADCHEF_SIMULATOR_URL}", api_key_file: key}
lanes:
  default: {provider: simulator}
models:
  simulated:
    lane: default
    prices: {input: 0.15, output: 0.60}
"""


@pytest.mark.timeout(300)
def test_a_lane_stands_still_until_its_key_is_valid(kafka: str, tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    key = tmp_path / "key"
    key.write_text(WRONG)
    settings = {
        "HEADCHEF_CATALOGUE": str(tmp_path / "catalogue.yaml"),
        "HEADCHEF_SIMULATOR_API_KEY": RIGHT,
        "HEADCHEF_EXECUTOR_CONCURRENCY": "8",
        "HEADCHEF_EXECUTOR_MAX_ATTEMPTS": "1",
    }
    with (
        Deployment(kafka, f"still-{uuid.uuid4().hex[:8]}", tmp_path, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        (executor,) = deployment.of("executor")
        for number in range(JOBS):
            pipeline.publish({"job_id": f"job-{number}", "prompt": f"Describe chair {number}."}, key=f"job-{number}")
        executor.wait_for_output("lane default stands still")
        said = executor.reasons()["executor.default"]
        assert said.startswith("its lane stands still: credentials: the provider answered 401")
        # So many that it has found out several times that nothing has changed.
        pipeline.wait_for_count("attempts.recorded", 5)
        assert pipeline.of("jobs.finished") == []

        key.write_text(RIGHT)
        pipeline.wait_for_count("jobs.finished", JOBS)
        executor.wait_for("/ready")
        pipeline.settled()
        finished, attempts = pipeline.of("jobs.finished"), pipeline.of("attempts.recorded")
        log = executor.log()
    assert Counter(str(it.event["status"]) for it in finished) == {"ok": JOBS}, "although one attempt was all they had"
    outcomes = Counter(str(it.event["outcome"]) for it in attempts)
    assert outcomes["answered"] == JOBS
    assert outcomes["credentials"] < JOBS, "calls were kept back"
    assert log.count("stands still") == log.count("goes on: calls are answered again") == 1
    assert RIGHT not in log
    assert WRONG not in log
