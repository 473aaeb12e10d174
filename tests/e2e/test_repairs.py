"""Answers that fail a job's checks, through all services: repaired, handed to the next model, or rejected."""

from typing import Any

import pytest

from tests.e2e.test_answers import SCHEMA, ask
from tests.support.pipeline import Pipeline


def left(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["model"], each["failure"]["reason"]) for each in result["provenance"]["tried"]]


def test_a_model_that_never_does_better_is_asked_as_often_as_the_job_says(pipeline: Pipeline, job_id: str) -> None:
    result = ask(pipeline, job_id, model="careless", output={"schema": SCHEMA, "repairs": 2})
    assert result["status"] == "rejected"
    assert left(result) == [("careless", "rejected")] * 2
    assert result["provenance"]["attempts"] == 3
    assert [each["findings"][0]["check"] for each in result["provenance"]["tried"]] == ["schema"] * 2
    costs = [float(each["cost_usd"]) for each in result["provenance"]["tried"]]
    assert float(result["cost_usd"]) > sum(costs) > 0


def test_after_the_second_rejection_the_next_model_answers(pipeline: Pipeline, job_id: str) -> None:
    result = ask(pipeline, job_id, model="hasty", output={"schema": SCHEMA, "repairs": 2})
    assert (result["status"], result["provenance"]["model"]) == ("ok", "simulated")
    assert left(result) == [("hasty", "rejected")] * 2
    pipeline.settled()
    again = ask(pipeline, f"{job_id}-again", prompt=f"Describe the chair {job_id}.", output={"schema": SCHEMA})
    assert again["cache"]["kind"] == "exact", "what the next model said answers whoever asks it the same"


@pytest.mark.parametrize(
    ("check", "status"),
    [
        ({"check": "chars", "path": "title", "max": 1}, "rejected"),
        ({"check": "chars", "path": "title", "min": 1}, "ok"),
        ({"check": "banned_terms", "path": "title", "terms": ["{{ input.word }}"]}, "rejected"),
        ({"check": "banned_terms", "path": "title", "terms": ["{{ input.other }}"]}, "ok"),
    ],
)
def test_the_checks_of_a_job_decide(pipeline: Pipeline, job_id: str, check: dict[str, Any], status: str) -> None:
    words = {"word": "simulated", "other": "absent"}
    result = ask(pipeline, job_id, output={"schema": SCHEMA, "checks": [check]}, input=words)
    assert result["status"] == status
    assert [finding["check"] for finding in result["findings"]] == ([check["check"]] if status == "rejected" else [])


def test_an_answer_is_not_reused_where_the_checks_are_stricter(pipeline: Pipeline, job_id: str) -> None:
    prompt = f"Describe the lamp {job_id}."
    assert ask(pipeline, f"{job_id}-1", prompt=prompt)["status"] == "ok"
    pipeline.settled()
    strict = {"schema": SCHEMA, "checks": [{"check": "chars", "path": "title", "max": 1}]}
    result = ask(pipeline, f"{job_id}-2", prompt=prompt, output=strict)
    assert (result["status"], result["cache"]["kind"]) == ("rejected", "bypass")
