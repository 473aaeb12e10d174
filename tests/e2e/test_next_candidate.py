"""A model that refuses many jobs: another one that the catalogue names answers them, and the results say so."""

import uuid
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment

JOBS = 40
CATALOGUE = """
defaults: {model: prim}
providers:
  simulator: {base_url: "${HEADCHEF_SIMULATOR_URL}"}
lanes:
  default: {provider: simulator}
models:
  prim:
    lane: default
    prices: {input: 0.15, output: 0.60}
    fallback: [frank]
  frank:
    lane: default
    prices: {input: 3, output: 15}
"""
SETTINGS = {"HEADCHEF_SIMULATOR_MODELS": '["prim", "frank"]', "HEADCHEF_SIMULATOR_RATES__REFUSAL": "0.5"}
"""Each model refuses half of what it is asked, the same each time, and takes its price for that."""


def asked(result: dict[str, Any]) -> list[str]:
    return [*(tried["model"] for tried in result["provenance"]["tried"]), result["provenance"]["model"]]


@pytest.mark.timeout(300)
def test_what_one_model_refuses_another_answers(kafka: str, tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    settings = {"HEADCHEF_CATALOGUE": str(tmp_path / "catalogue.yaml"), **SETTINGS}
    with (
        Deployment(kafka, f"next-{uuid.uuid4().hex[:8]}", tmp_path, environment=settings) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        for number in range(JOBS):
            pipeline.publish({"job_id": f"job-{number}", "prompt": f"Describe chair {number}."}, key=f"job-{number}")
        pipeline.wait_for_count("jobs.finished", JOBS)
        pipeline.settled()
        finished, attempts = pipeline.of("jobs.finished"), pipeline.of("attempts.recorded")

        handed_over = next(it.event for it in finished if len(asked(it.event)) == 2 and it.event["status"] == "ok")
        job_id = handed_over["job"]["job_id"]
        prompt = f"Describe chair {job_id.removeprefix('job-')}."
        pipeline.publish({"job_id": "again", "prompt": prompt, "model": "frank"}, key="again")
        again = pipeline.result("again")

    ends = Counter((len(asked(it.event)), str(it.event["status"])) for it in finished)
    assert ends.keys() == {(1, "ok"), (2, "ok"), (2, "failed")}, "a job fails only where both models did"
    assert all(asked(it.event) == ["prim", "frank"][: len(asked(it.event))] for it in finished)
    costs, calls = defaultdict[str, Decimal](Decimal), Counter[str]()
    for attempt in attempts:
        costs[attempt.event["job"]["job_id"]] += Decimal(attempt.event["cost_usd"])
        calls[attempt.event["job"]["job_id"]] += 1
    for it in finished:
        name = it.event["job"]["job_id"]
        assert (Decimal(it.event["cost_usd"]), it.event["provenance"]["attempts"]) == (costs[name], calls[name])
    assert handed_over["provenance"]["tried"][0]["failure"]["reason"] == "refusal"
    assert (again["cache"]["kind"], again["cache"]["source_job_id"]) == ("exact", job_id), "kept as its giver's answer"
