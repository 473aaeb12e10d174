"""Steps that wait for people on real Kafka: decided from the command line, also after the router was killed."""

import json
import os
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.warm_commands import at_hand

WORKFLOW = """
workflow: signed
version: 1
defaults: {cache: bypass}
steps:
  - id: page
    llm: {text: "Write about {{ input.page.city }}."}
  - id: look
    human: {review: "{{ input.page }}", within: 86400, otherwise: needs_review}
    output: {schema: page.v1}
    checks: [{check: chars, path: city, max: 12}]
  - id: hasty
    when: "{{ input.hasty }}"
    human: {review: "{{ steps.page }}", within: 1, otherwise: needs_review}
result: {from: "{{ steps.look.city }}"}
"""
SCHEMA = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}
CITIES = ("Ghent", "Bruges", "Lier", "Damme", "Temse")


class Typed:
    """Types commands against one namespace."""

    def __init__(self, kafka: str, namespace: str) -> None:
        self._known = {**os.environ, "HEADCHEF_KAFKA": kafka, "HEADCHEF_NAMESPACE": namespace}

    def __call__(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        process = subprocess.run(
            [*at_hand(), *words],
            check=False,
            capture_output=True,
            text=True,
            env=self._known,
            timeout=PATIENCE_S,
        )
        assert process.returncode == code, f"{words}: {process.returncode}\n{process.stdout}\n{process.stderr}"
        return process


def reviews(pipeline: Pipeline, job_id: str, kind: str) -> list[Mapping[str, Any]]:
    """Give what the topic of reviews tells of a job, of one type."""
    return [
        it.event
        for it in pipeline.of("reviews")
        if it.headers["ce_type"] == f"headchef.review.{kind}" and it.event["job"]["job_id"] == job_id
    ]


def edit_while_nobody_leads(headchef: Typed, folder: Path) -> None:
    """Look at what is open and edit one document, of which the router is to hear when it is back."""
    listed = [json.loads(line) for line in headchef("review", "list", "--step", "look", "--json").stdout.splitlines()]
    assert sorted(each["job_id"] for each in listed) == sorted(CITIES)
    shown = headchef("review", "show", "Bruges").stdout
    assert json.loads(shown) == {"city": "Bruges"}
    file = folder / "edited.json"
    file.write_text('{"city": "a far too long city"}')
    assert "does not pass" in headchef("review", "edit", "Bruges", str(file), code=2).stderr
    file.write_text(shown.replace("Bruges", "Brugge"))
    assert "no answer yet" in headchef("review", "edit", "Bruges", str(file), "--timeout", "1", code=2).stderr


def say_what_changes_nothing(pipeline: Pipeline) -> None:
    """Decide a second time, and write what is no command."""
    again = {"command_id": "again", "job_id": "Ghent", "step_id": "look", "verdict": "reject", "by": "bob"}
    pipeline.publish(again, topic="jobs.commands", key="Ghent")
    assert pipeline.mention("reviews", b'"again"').event["reason"] in ("closed", "unknown")
    letter = pipeline.letter(pipeline.publish({**again, "verdict": "perhaps"}, topic="jobs.commands", key="Ghent"))
    assert (letter.headers["headchef-reason"], letter.headers["headchef-field"]) == ("invalid", "verdict")


@pytest.mark.timeout(300)
def test_people_decide_and_a_killed_router_forgets_no_review(kafka: str, tmp_path: Path) -> None:
    namespace = f"reviews-{uuid.uuid4().hex[:8]}"
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/page.v1.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "signed.yaml").write_text(WORKFLOW)
    headchef = Typed(kafka, namespace)
    with (
        Deployment(kafka, namespace, tmp_path, environment={"HEADCHEF_SESSION_TIMEOUT_S": "6"}) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        headchef("workflow", "apply", str(tmp_path / "signed.yaml"))
        for city in CITIES:
            values = {"page": {"city": city}, "hasty": city == "Damme"}
            pipeline.publish({"job_id": city, "workflow": "signed@1", "input": values}, key=city)
        pipeline.wait_until(lambda: all(reviews(pipeline, city, "asked") for city in CITIES))
        [router] = deployment.of("router")
        router.kill()
        edit_while_nobody_leads(headchef, tmp_path)
        router.start()
        bruges = pipeline.result("Bruges")
        headchef("review", "approve", "Ghent", "--because", "good")
        headchef("review", "reject", "Lier", "--because", "too small", "--by", "ann")
        say_what_changes_nothing(pipeline)
        headchef("cancel", "--job", "Temse", "--yes")
        temse = pipeline.result("Temse")
        headchef("review", "approve", "--workflow", "signed", "--step", "look", "--yes")
        ghent, lier, damme = (pipeline.result(city) for city in ("Ghent", "Lier", "Damme"))
        pipeline.settled()
        assert len(pipeline.of("jobs.finished")) == len(CITIES)
        closed = {city: sorted(each["outcome"] for each in reviews(pipeline, city, "closed")) for city in CITIES}
        story = " ".join(headchef("explain", "Lier").stdout.split())
    assert (bruges["status"], bruges["output"]) == ("ok", {"inline": "Brugge"})
    assert (ghent["status"], ghent["output"]) == ("ok", {"inline": "Ghent"})
    assert [(told["outcome"], told["because"]) for told in ghent["provenance"]["reviews"]] == [("approved", "good")]
    assert lier["failure"]["message"] == "look: review_rejected: ann rejected it: too small"
    assert (damme["status"], damme["findings"][0]["path"]) == ("needs_review", "/steps/hasty")
    assert (temse["status"], temse["failure"]["reason"]) == ("cancelled", "cancelled")
    assert closed == {
        "Ghent": ["approved"],
        "Bruges": ["edited"],
        "Lier": ["rejected"],
        "Damme": ["approved", "undecided"],
        "Temse": ["called_off"],
    }
    assert "look: rejected by ann: too small" in story
