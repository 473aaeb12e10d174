"""A quota shrinks on real Kafka below one call a task: fewer partitions share it, and what lies elsewhere goes on."""

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_new_catalogue import FIRST, Office
from tests.support.pipeline import Pipeline
from tests.support.published import version_of
from tests.support.services import Deployment

JOBS = 12
LANE = "steps.dispatched.default"


def with_quota(**said: int) -> str:
    fields = "".join(f", {field}: {value}" for field, value in said.items())
    return FIRST.replace("provider: simulator}", f"provider: simulator{fields}}}")


SCARCE = with_quota(requests_per_minute=4)
"""A call a minute for each task, and none in the first: a backlog for as long as the test needs one."""

FEWER = with_quota(requests_per_minute=600, active_partitions=1)


@pytest.mark.timeout(300)
def test_a_backlog_goes_on_where_the_quota_is(kafka: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SCARCE)
    settings = {"HEADCHEF_CATALOGUE": str(tmp_path / "own.yaml")}
    with (
        Deployment(
            kafka, f"fewer-{uuid.uuid4().hex[:8]}", tmp_path, counts={"executor": 2}, environment=settings
        ) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        office = Office(deployment, pipeline, tmp_path)
        _, err = office.type("apply", text=with_quota(requests_per_minute=2), code=2)
        assert "lanes.default.requests_per_minute: is shared by 4 tasks" in err
        assert "or `active_partitions: 2` in this lane" in err
        jobs = [f"job-{number}" for number in range(JOBS)]
        for job in jobs:
            pipeline.publish({"job_id": job, "prompt": f"Describe {job}."}, key=job)
        pipeline.wait_for_count(LANE, JOBS)
        office.type("apply", text=FEWER)
        assert {pipeline.result(job)["status"] for job in jobs} == {"ok"}
        pipeline.settled()
        assert deployment.calls() == JOBS, "nothing is paid twice"
        first, moved = dispatched(pipeline)
        assert Counter(job for job, _, _ in first) == Counter(jobs)
        assert moved, "some lay in the partitions that are not used any more"
        assert {place for _, place, _ in moved} == {0}
        assert Counter(cause for _, _, cause in moved).most_common(1)[0][1] == 1
        causes = [
            it.event["decided"]["causes"][0]["partition"]
            for it in pipeline.of("attempts.recorded")
            if it.event["decided"]["catalog_version"] == version_of(FEWER)
        ]
        assert set(causes) == {0}
        office.in_force(FEWER, "router")
        office.done()
        now_first, now_moved = dispatched(pipeline)
        assert (now_first[-1][1], now_moved) == (0, moved), "what is planned now lies there from the beginning"


def dispatched(pipeline: Pipeline) -> tuple[list[tuple[str, int, Any]], list[tuple[str, int, Any]]]:
    """Give the steps that the cache dispatched, and those that were moved: job, partition and cause."""
    first, moved = list[tuple[str, int, Any]](), list[tuple[str, int, Any]]()
    for it in pipeline.of(LANE):
        cause = it.event["decided"]["causes"][0]
        found = first if cause["topic"] == "steps.planned" else moved
        found.append((it.event["step"]["job"]["job_id"], it.partition, (cause["partition"], cause["offset"])))
    return first, moved
