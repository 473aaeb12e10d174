"""A store of answers that is damaged or gone is filled again from Kafka, also by a cache that is killed meanwhile."""

import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

QUESTIONS = 60


@pytest.mark.timeout(300)
def test_what_was_settled_is_put_back(kafka: str, tmp_path: Path) -> None:
    namespace = f"lost-{uuid.uuid4().hex[:8]}"
    with Deployment(kafka, namespace, tmp_path) as deployment, Pipeline(deployment) as pipeline:
        _ask(pipeline, "first")
        paid = deployment.calls()
        [cache] = deployment.of("cache")
        answers = tmp_path / "cache" / namespace / "answers"

        cache.kill()
        (answers / "edge_config.json").write_text('{"half-writ')
        said = len(cache.log())
        cache.start()
        cache.wait_for_output("is put aside as answers.unreadable", after=said)
        cache.wait_for_output("The answer store is new or was lost", after=said)
        cache.kill()
        cache.start()
        # By the second one, or by the first if that was quicker than the kill.
        cache.wait_for_output("The answer store is filled", after=said)
        assert {result["cache"]["kind"] for result in _ask(pipeline, "after damage")} == {"exact"}

        cache.kill()
        shutil.rmtree(answers)
        said = len(cache.log())
        cache.start()
        assert f"{QUESTIONS} answers were put back" in cache.wait_for_output("The answer store is filled", after=said)
        assert {result["cache"]["kind"] for result in _ask(pipeline, "after loss")} == {"exact"}
        assert deployment.calls() == paid
        deployment.check()


def _ask(pipeline: Pipeline, name: str) -> list[dict[str, Any]]:
    """Ask the same questions as new jobs, and give their results."""
    jobs = [f"{name}-{number}" for number in range(QUESTIONS)]
    for number, job_id in enumerate(jobs):
        pipeline.publish({"job_id": job_id, "prompt": f"Describe car {number}."}, key=job_id)
    return [pipeline.result(job_id) for job_id in jobs]
