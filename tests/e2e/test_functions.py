"""Calls of a user's functions as processes on real Kafka: planned calls in, one end of each out, also through kills."""

import os
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from headchef_contracts.events.calls import CallPlanned
from headchef_contracts.registry import encode

from tests.functions.planned import INSTALLED, headers_of
from tests.support.builders import make_call, make_head
from tests.support.eventually import PATIENCE_S
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

CALLS, KILLS = 400, 3
NO_MODELS = {"cache": 0, "executor": 0, "validator": 0, "functions": 1}


def settings(**more: str) -> dict[str, str]:
    """Give settings of services for which the package is installed."""
    path = os.pathsep.join(filter(None, (str(INSTALLED), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "HEADCHEF_SESSION_TIMEOUT_S": "6", **more}


def plan(pipeline: Pipeline, *calls: CallPlanned, topic: str = "calls.planned") -> None:
    """Publish planned calls as a router does."""
    for call in calls:
        pipeline.publish(encode(call), topic=topic, headers=headers_of(call))


@pytest.mark.timeout(300)
def test_functions_of_an_installed_package_are_called(kafka: str, tmp_path: Path) -> None:
    namespace = f"functions-{uuid.uuid4().hex[:8]}"
    environment = settings(HEADCHEF_FUNCTIONS_MAX_OUTPUT_BYTES="3000000")
    with (
        Deployment(kafka, namespace, tmp_path, counts=NO_MODELS, environment=environment) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        arguments: dict[str, dict[str, Any]] = {
            "kitchen.join": {"parts": ["a", "b"]},
            "kitchen.write": {"characters": 2_999_998},
            "kitchen.nest": {"levels": 64},
            "kitchen.complain": {"characters": 10_000_000},
            "kitchen.end": {},
            "kitchen.block": {},
            "kitchen.jion": {},
        }
        for function, given in arguments.items():
            job = make_head(f"job-{function}", home_partition=3)
            timeout_s = 1.0 if function == "kitchen.block" else 60.0
            plan(pipeline, make_call(function, arguments=given, job=job, step_id=function, timeout_s=timeout_s))
        ended = pipeline.wait_for_count("calls.ended", len(arguments))
        pipeline.settled()
        assert {it.partition for it in ended} == {3}, "the owner of the job reads its home partition"
        came = {it.event["step_id"]: it.event for it in ended}
        assert not [it for topic in pipeline.topics if topic.endswith(".dlq") for it in pipeline.of(topic)]
    assert came["kitchen.join"]["output"]["inline"] == {"text": "a, b"}
    assert len(came["kitchen.write"]["output"]["inline"]) == 2_999_998
    failed = {function: event["failure"]["reason"] for function, event in came.items() if "failure" in event}
    assert failed == {
        "kitchen.complain": "raised",
        "kitchen.end": "crashed",
        "kitchen.block": "timeout",
        "kitchen.jion": "unknown_function",
    }


@pytest.mark.timeout(300)
def test_kills_amid_calls_lose_and_repeat_none(kafka: str, tmp_path: Path) -> None:
    namespace, notes = f"killed-{uuid.uuid4().hex[:8]}", tmp_path / "notes"
    with (
        Deployment(kafka, namespace, tmp_path, counts=NO_MODELS, environment=settings()) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        [functions] = deployment.of("functions")
        for number in range(CALLS):
            arguments = {"path": str(notes), "word": f"{number}", "pause_s": 0.02}
            call = make_call("kitchen.note", arguments=arguments, job=make_head(f"job-{number}"))
            plan(pipeline, call, topic="calls.planned.bulk" if number % 2 else "calls.planned")
        for kill in range(1, KILLS + 1):
            pipeline.wait_for_count("calls.ended", kill * CALLS // (KILLS + 1))
            called_in = psutil.Process(functions.pid).children(recursive=True)
            functions.kill()
            assert not psutil.wait_procs(called_in, timeout=PATIENCE_S)[1], "functions end with their service"
            functions.start()
        pipeline.wait_for_count("calls.ended", CALLS)
        pipeline.settled()
        ended = [it.event for it in pipeline.of("calls.ended")]
    assert Counter(it["job"]["job_id"] for it in ended) == Counter(f"job-{number}" for number in range(CALLS))
    assert {it["job"]["job_id"]: it["output"]["inline"]["word"] for it in ended} == {
        f"job-{number}": f"{number}" for number in range(CALLS)
    }
    assert set(notes.read_text().split()) == {f"{number}" for number in range(CALLS)}


WORKFLOW = """
workflow: cards
version: 1
steps:
  - id: words
    for_each: {in: "{{ input.words }}", as: word, concurrency: 2}
    python: {call: kitchen.note, with: {path: "{{ input.path }}", word: "{{ word }}", pause_s: 0.02}}
  - id: card
    python: {call: kitchen.join, with: {parts: ["{{ steps.words[0].word }}", "{{ steps.words[2].word }}"]}}
result: {from: "{{ steps.card }}"}
"""
JOBS = 60


@pytest.mark.timeout(300)
def test_jobs_go_through_a_workflow_of_functions_while_both_its_processors_are_killed(
    kafka: str, tmp_path: Path
) -> None:
    namespace, notes = f"cards-{uuid.uuid4().hex[:8]}", tmp_path / "notes"
    deployment = Deployment(kafka, namespace, tmp_path, counts=NO_MODELS, environment=settings())
    deployment.make()
    (tmp_path / "cards.yaml").write_text(WORKFLOW)
    typed(deployment, "workflow", "apply", str(tmp_path / "cards.yaml"), **settings())
    with deployment, Pipeline(deployment) as pipeline:
        for number in range(JOBS):
            given = {"words": [f"{number}a", f"{number}b", f"{number}c"], "path": str(notes)}
            pipeline.publish({"job_id": f"job-{number}", "workflow": "cards@1", "input": given}, key=f"job-{number}")
        for kill, victim in enumerate((*deployment.of("functions"), *deployment.of("router")) * 2, start=1):
            pipeline.wait_for_count("calls.ended", kill * 4 * JOBS // 6)
            victim.kill()
            victim.start()
        pipeline.wait_for_count("jobs.finished", JOBS)
        pipeline.settled()
        finished = [it.event for it in pipeline.of("jobs.finished")]
    assert Counter(it["job"]["job_id"] for it in finished) == Counter(f"job-{number}" for number in range(JOBS))
    assert {it["job"]["job_id"]: it["output"]["inline"] for it in finished} == {
        f"job-{number}": {"text": f"{number}a, {number}c"} for number in range(JOBS)
    }
