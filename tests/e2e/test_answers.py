"""What models answer: good, not JSON, not of the wanted form, cut off, or nothing at all; a result each time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.pipeline import Pipeline

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "price": {"type": "number"}},
    "required": ["title", "price"],
}


def ask(pipeline: Pipeline, job_id: str, **fields: Any) -> dict[str, Any]:
    job = {"job_id": job_id, "prompt": f"Describe the chair {job_id}.", "output": {"schema": SCHEMA}, **fields}
    pipeline.publish(job, key=job_id)
    return pipeline.result(job_id)


def test_an_answer_of_the_wanted_form(pipeline: Pipeline, job_id: str) -> None:
    result = ask(pipeline, job_id)
    assert (result["status"], result["findings"], result["failure"]) == ("ok", [], None)
    assert result["output"]["inline"].keys() == {"title", "price"}
    assert float(result["cost_usd"]) > 0


@pytest.mark.parametrize(
    ("model", "check", "path", "says"),
    [("talkative", "json", "", "JSON"), ("careless", "schema", "", "required")],
    ids=["not JSON", "fields missing"],
)
def test_an_answer_that_breaks_the_contract(
    pipeline: Pipeline, job_id: str, model: str, check: str, path: str, says: str
) -> None:
    result = ask(pipeline, job_id, model=model)
    assert (result["status"], result["failure"]) == ("rejected", None)
    finding = result["findings"][0]
    assert (finding["check"], finding["path"]) == (check, path)
    assert says in finding["message"]
    assert isinstance(result["output"]["inline"], str), "what the model said can be looked at"
    assert result["usage"]["output_tokens"] > 0, "it was paid for"


def test_an_answer_that_is_cut_off(pipeline: Pipeline, job_id: str) -> None:
    result = ask(pipeline, job_id, parameters={"max_output_tokens": 3})
    assert (result["status"], result["failure"]["reason"]) == ("failed", "length")
    assert "max_output_tokens" in result["failure"]["message"]


def test_a_model_that_is_gone_is_waited_for_and_stops_no_other(pipeline: Pipeline, job_id: str) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    waiting = {"job_id": job_id, "prompt": "Describe it.", "model": "withdrawn", "deadline": deadline.isoformat()}
    pipeline.publish(waiting, key=job_id)
    assert ask(pipeline, f"{job_id}-other")["status"] == "ok"
    result = pipeline.result(job_id)
    assert (result["status"], result["failure"]["reason"]) == ("failed", "deadline_exceeded")
    assert "no-such-model" in result["failure"]["message"] or "its model stands still" in result["failure"]["message"]
    assert result["output"] is None


def test_a_deadline_that_has_passed_costs_nothing(pipeline: Pipeline, job_id: str) -> None:
    result = ask(pipeline, job_id, deadline="2020-01-01T00:00:00Z")
    assert (result["status"], result["failure"]["reason"]) == ("failed", "deadline_exceeded")
    assert result["provenance"]["attempts"] == 0


def test_only_accepted_answers_are_given_again(pipeline: Pipeline, job_id: str) -> None:
    prompt = f"Describe the table {job_id}."
    kinds = []
    for number, model in enumerate(["simulated", "simulated", "careless", "careless"]):
        result = ask(pipeline, f"{job_id}-{number}", prompt=prompt, model=model)
        kinds.append((result["status"], result["cache"]["kind"]))
        pipeline.settled()
    assert kinds == [("ok", "miss"), ("ok", "exact"), ("rejected", "miss"), ("rejected", "miss")]
