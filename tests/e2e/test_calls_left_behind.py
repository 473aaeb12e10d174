"""An executor is killed in the middle of calls that go on at the provider: the next one makes none beside them."""

import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS, AT_ONCE = 36, 12
CALL_S, CALL_TIMEOUT_S = 5, 20
"""The time-out leaves a machine that stands still room: a call that is cut off would be another attempt."""

CATALOGUE = f"""
defaults: {{model: simulated}}
providers:
  simulator: {{base_url: "${{HEADCHEF_SIMULATOR_URL}}"}}
lanes:
  default: {{provider: simulator, concurrency: {AT_ONCE}}}
models:
  simulated:
    lane: default
    prices: {{input: 0.15, output: 0.60}}
"""


@pytest.mark.timeout(300)
def test_the_provider_refuses_nothing_after_a_kill(kafka: str, tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    settings = {
        "HEADCHEF_CATALOGUE": str(tmp_path / "catalogue.yaml"),
        "HEADCHEF_SIMULATOR_QUOTA__CONCURRENCY": str(AT_ONCE),
        "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": str(CALL_S),
        "HEADCHEF_SIMULATOR_LATENCY_SIGMA": "0",
        "HEADCHEF_EXECUTOR_CALL_TIMEOUT_S": str(CALL_TIMEOUT_S),
    }
    with (
        Deployment(kafka, f"behind-{uuid.uuid4().hex[:8]}", tmp_path, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        (executor,) = deployment.of("executor")
        for number in range(JOBS):
            pipeline.publish({"job_id": f"job-{number}", "prompt": f"Describe chair {number}."}, key=f"job-{number}")
        # Their places were free before they were written, and so others have begun in them.
        pipeline.wait_for_count("attempts.recorded", AT_ONCE)
        executor.kill()
        executor.start()
        executor.wait_for_output(f"rest for {CALL_TIMEOUT_S} s: it was not left clean")
        pipeline.wait_for_count("jobs.finished", JOBS)
        pipeline.settled()
        finished, attempts = pipeline.of("jobs.finished"), pipeline.of("attempts.recorded")
        answered = deployment.calls()
    assert Counter(str(it.event["status"]) for it in finished) == {"ok": JOBS}
    assert Counter(str(it.event["outcome"]) for it in attempts) == {"answered": JOBS}, "none was refused"
    assert answered > JOBS, "calls of the killed one were answered, and nobody was there to hear it"
