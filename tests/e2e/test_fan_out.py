"""A workflow that asks for each of a thousand items on real Kafka: bad items are named, and kills change nothing."""

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

ITEMS, BAD = 1_000, 10
WORKFLOW = """
workflow: wide
version: 1
defaults: {cache: bypass, retry: {validation: 0}}
steps:
  - id: texts
    for_each: {in: "{{ input.items }}", as: item, key: id, concurrency: 40, min_success: 0.99}
    llm: {text: "Describe number {{ item.id }}.", with: {item: "{{ item }}"}}
    checks: [{check: banned_terms, terms: "{{ item.banned }}"}]
result: {from: "{{ steps.texts }}"}
"""


def items_of(bad: int) -> list[dict[str, Any]]:
    """Give items of which so many can have no good answer, spread evenly: all that the simulator says is marked so."""
    step = ITEMS // bad
    return [
        {"id": f"n{number}", "banned": ["simulated"] if number % step == 0 and number // step < bad else ["absent"]}
        for number in range(ITEMS)
    ]


@pytest.mark.timeout(400)
def test_bad_items_are_named_and_kills_change_nothing(kafka: str, tmp_path: Path) -> None:
    namespace = f"wide-{uuid.uuid4().hex[:8]}"
    settings = {"HEADCHEF_SESSION_TIMEOUT_S": "6"}
    deployment = Deployment(kafka, namespace, tmp_path, environment=settings)
    deployment.make()
    (tmp_path / "wide.yaml").write_text(WORKFLOW)
    typed(deployment, "workflow", "apply", str(tmp_path / "wide.yaml"))
    with deployment, Pipeline(deployment) as pipeline:
        for job_id, bad in (("enough", BAD), ("too-few", BAD + 1)):
            job = {"job_id": job_id, "workflow": "wide@1", "input": {"items": items_of(bad)}}
            pipeline.publish(job, key=job_id)
        for kill, victim in enumerate(deployment.services, start=1):
            pipeline.wait_for_count("steps.judged", kill * ITEMS // 5)
            victim.kill()
            victim.start()
        enough, too_few = (pipeline.result(job_id) for job_id in ("enough", "too-few"))
        pipeline.settled()
        planned = Counter(
            (it.event["step"]["job"]["job_id"], it.event["step"]["item"]) for it in pipeline.of("steps.planned")
        )
        assert len(pipeline.of("jobs.finished")) == 2
    lost = {each["id"] for each in items_of(BAD) if each["banned"] == ["simulated"]}
    assert enough["status"] == "ok"
    assert len(enough["output"]["inline"]) == ITEMS - BAD
    assert {finding["path"] for finding in enough["findings"]} == {f"/steps/texts/{key}" for key in lost}
    assert {planned["enough", each["id"]] for each in items_of(BAD)} == {1}
    [account] = enough["provenance"]["steps"]
    assert (account["ended"], account["lost"]) == (ITEMS, BAD)
    assert (too_few["status"], too_few["failure"]["reason"]) == ("failed", "step_failed")
    assert "11 of 1000 items failed, and at most 10 may" in too_few["failure"]["message"]
    named = [key for key in (f"n{number}:" for number in range(ITEMS)) if key in too_few["failure"]["message"]]
    assert len(named) == BAD, "of many the first ten are named"
