"""Jobs that want one title on real Kafka: one has it and the others name it, though services are killed meanwhile."""

import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

JOBS = 40
SITE = "ghent.example"
WORKFLOW = """
workflow: titled
version: 1
defaults: {cache: bypass, retry: {validation: 0}}
steps:
  - id: title
    reserve: {site: "{{ input.site }}", name: title, value: "{{ input.title }}"}
  - id: text
    llm: {text: "Write {{ title }} for {{ input.number }}.", with: {title: "{{ steps.title }}"}}
    checks: [{check: banned_terms, terms: "{{ input.banned }}"}]
result: {from: "{{ steps.text }}"}
"""


def job(number: int, title: str, *, spoilt: bool = False, run: int = 0) -> dict[str, Any]:
    """Give a job that wants a title; all that the simulator says is marked, which spoils some."""
    written = (title, title.upper(), f" {title.replace(' ', '  ')}")[number % 3]
    values = {"site": SITE, "title": written, "number": number, "banned": ["simulated" if spoilt else "absent"]}
    return {"job_id": f"page-{number}", "run": run, "workflow": "titled@1", "input": values}


def publish(pipeline: Pipeline, made: dict[str, Any]) -> None:
    pipeline.publish(made, key=made["job_id"])


def held_by(deployment: Deployment) -> dict[str, str]:
    """Give the jobs that hold titles, as the command line lists them."""
    rows = [
        json.loads(line) for line in typed(deployment, "reservation", "list", "--site", SITE, "--json").splitlines()
    ]
    return {row["value"].strip().lower().replace("  ", " "): row["job_id"] for row in rows}


def competed(deployment: Deployment, pipeline: Pipeline) -> list[dict[str, Any]]:
    """Let all jobs want one title, kill whoever decides in the middle, and give the results."""
    for number in range(JOBS // 2):
        publish(pipeline, job(number, "Best of Ghent"))
    pipeline.wait_for_count("reservations.answered", JOBS // 8)
    for victim in (*deployment.of("accounts"), *deployment.of("router")):
        victim.kill()
        victim.start()
    for number in range(JOBS // 2, JOBS):
        publish(pipeline, job(number, "Best of Ghent"))
    pipeline.wait_for_count("jobs.finished", JOBS)
    pipeline.settled()
    return [it.event for it in pipeline.of("jobs.finished")]


@pytest.mark.timeout(300)
def test_one_job_has_the_title_and_the_others_name_it(kafka: str, tmp_path: Path) -> None:
    namespace = f"titled-{uuid.uuid4().hex[:8]}"
    deployment = Deployment(
        kafka, namespace, tmp_path, counts={"accounts": 1}, environment={"HEADCHEF_SESSION_TIMEOUT_S": "6"}
    )
    deployment.make()
    (tmp_path / "titled.yaml").write_text(WORKFLOW)
    typed(deployment, "workflow", "apply", str(tmp_path / "titled.yaml"))
    with deployment, Pipeline(deployment) as pipeline:
        results = competed(deployment, pipeline)
        answered = Counter(it.event["job"]["job_id"] for it in pipeline.of("reservations.answered"))
        [winner] = [each["job"]["job_id"] for each in results if each["status"] == "ok"]
        assert held_by(deployment) == {"best of ghent": winner}

        publish(pipeline, job(100, "Canals", spoilt=True))
        assert pipeline.result("page-100")["status"] == "failed"
        pipeline.settled()
        publish(pipeline, job(101, "Canals"))
        assert pipeline.result("page-101")["status"] == "ok"
        publish(pipeline, job(100, "Canals", run=1))
        pipeline.wait_for(lambda: len(pipeline.results("page-100")) == 2)
        again = pipeline.results("page-100")[1]
        assert held_by(deployment) == {"best of ghent": winner, "canals": "page-101"}

        typed(deployment, "reservation", "release", " CANALS", "--site", SITE, "--name", "title", "--yes")
        pipeline.settled()
        publish(pipeline, job(102, "Canals"))
        assert pipeline.result("page-102")["status"] == "ok"
        story = json.loads(typed(deployment, "explain", "page-102", "--json"))
    assert len(results) == JOBS
    assert set(answered.values()) == {1}
    for each in results:
        if each["job"]["job_id"] != winner:
            assert (each["status"], each["failure"]["reason"]) == ("failed", "step_failed")
            assert f"on {SITE} is held by the job '{winner}'" in each["failure"]["message"]
    assert again["failure"]["message"].endswith("is held by the job 'page-101'")
    told = [line["what"] for line in story["events"]]
    assert f"title: wants the title 'Canals' on {SITE}" in told
    assert "title: has it" in told
