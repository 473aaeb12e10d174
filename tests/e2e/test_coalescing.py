"""Equal jobs at once through all services on real Kafka, whose cache is killed while they wait."""

import signal
import time
import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS = 200
SETTINGS = {
    "HEADCHEF_SESSION_TIMEOUT_S": "6",
    "HEADCHEF_EXECUTOR_CALL_TIMEOUT_S": "280",
    "HEADCHEF_CACHE_WAIT_S": "300",
}


@pytest.mark.timeout(300)
def test_a_crowd_costs_one_call_though_its_cache_is_killed(kafka: str, tmp_path: Path) -> None:
    namespace = f"crowd-{uuid.uuid4().hex[:8]}"
    with (
        Deployment(kafka, namespace, tmp_path, environment=SETTINGS) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        [cache] = deployment.of("cache")
        # No answer comes before all has been seen that is to be seen without one.
        deployment.simulator.signal(signal.SIGSTOP)
        for number in range(JOBS):
            pipeline.publish({"job_id": f"job-{number}", "prompt": "What does everybody ask?"}, key=f"job-{number}")
        planned = pipeline.wait_for_count("steps.planned", JOBS)
        [partition] = {each.partition for each in planned}
        last = max(each.offset for each in planned)
        pipeline.wait_until(lambda: pipeline.committed("cache", "steps.planned").get(partition, 0) > last)
        assert len(pipeline.of("steps.dispatched.default")) == 1
        all_wait_s = time.monotonic()
        cache.kill()
        cache.start()
        pipeline.publish({"job_id": "other", "prompt": "What nobody else asks."}, key="other")
        pipeline.wait_for_count("steps.dispatched.default", 2)
        assert pipeline.of("jobs.finished") == [], "they still wait, and the other is not held up"
        held_s = time.monotonic() - all_wait_s
        deployment.simulator.signal(signal.SIGCONT)
        pipeline.wait_for_count("jobs.finished", JOBS + 1)
        pipeline.settled()
        finished = [it.event for it in pipeline.of("jobs.finished")]
        attempts = pipeline.of("attempts.recorded")
    assert Counter(it["job"]["job_id"] for it in finished) == Counter([*(f"job-{n}" for n in range(JOBS)), "other"])
    assert Counter(it["status"] for it in finished) == {"ok": JOBS + 1}
    assert len(attempts) == 2, "one of all, and the other"
    [leader] = {it["job"]["job_id"] for it in finished if it["cache"]["kind"] == "miss"} - {"other"}
    waited = [it for it in finished if it["cache"]["kind"] == "coalesced"]
    assert len(waited) == JOBS - 1
    assert {it["cache"]["source_job_id"] for it in waited} == {leader}
    assert {it["cost_usd"] for it in waited} == {"0"}
    assert min(it["cache"]["waited_s"] for it in waited) > 0.9 * held_s, "the wait counts from before the kill"
