"""A workflow on real Kafka whose output is larger than any topic takes: bodies lie in a folder, through a kill too."""

import uuid
from pathlib import Path
from typing import Any

import orjson
import pytest

from headchef_contracts import topics

from headchef.bodies.form import written
from tests.e2e.test_functions import NO_MODELS, settings
from tests.support.collector import Collector
from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

ITEMS, CHARACTERS = 3, 2_000_000
WORKFLOW = f"""
workflow: large
version: 1
steps:
  - id: texts
    for_each: {{in: "{{{{ input.items }}}}", as: item, concurrency: 1}}
    python: {{call: kitchen.write, with: {{characters: {CHARACTERS}}}}}
  - id: joined
    python: {{call: kitchen.join, with: {{parts: "{{{{ steps.texts }}}}"}}}}
result: {{from: "{{{{ steps.joined }}}}"}}
"""


@pytest.mark.timeout(300)
def test_an_output_of_six_million_bytes_ends_well_and_can_be_read(kafka: str, tmp_path: Path) -> None:
    namespace, store = f"large-{uuid.uuid4().hex[:8]}", tmp_path / "bodies"
    bodies = {"HEADCHEF_BODIES": store.as_uri(), "HEADCHEF_BODIES_INLINE_BYTES": "2000"}
    limits = {"HEADCHEF_ROUTER_MAX_TEMPLATE_WORK": "50000000", "HEADCHEF_FUNCTIONS_MAX_OUTPUT_BYTES": "10000000"}
    deployment = Deployment(kafka, namespace, tmp_path, counts=NO_MODELS, environment=settings(**bodies, **limits))
    deployment.make()
    (tmp_path / "large.yaml").write_text(WORKFLOW)
    typed(deployment, "workflow", "apply", str(tmp_path / "large.yaml"))
    values: dict[str, Any] = {"items": list(range(ITEMS)), "brief": "Brief. " * 100_000}
    reference, data = written(values)
    (store / "acme").mkdir(parents=True)
    (store / "acme" / reference.sha256).write_bytes(data)
    with deployment, Pipeline(deployment) as pipeline:
        job = {"job_id": "big", "tenant": "acme", "workflow": "large@1", "input": {"ref": reference.model_dump()}}
        pipeline.publish(job, key="big")
        pipeline.wait_for_count("calls.ended", 1)
        [router] = deployment.of("router")
        router.kill()
        router.start()
        result = pipeline.result("big")
        pipeline.settled()
        shown = typed(deployment, "results", "--job", "big", "--json", **bodies)
        named = typed(deployment, "results", "--job", "big", "--json")
        told = typed(deployment, "explain", "big", "--json", **bodies)
        sizes = {
            topic: max((len(it.value or b"") for it in pipeline.of(topic)), default=0) for topic in pipeline.topics
        }
        state = topics.physical(namespace, "router.jobs.changelog")
        with Collector(kafka, [state]) as collector:
            stored = collector.wait_for(lambda: collector.of(state), check=deployment.check)
    assert result["status"] == "ok"
    expected = {"text": ", ".join(["x" * CHARACTERS] * ITEMS)}
    assert result["output"] == {"ref": written(expected)[0].model_dump()}
    assert orjson.loads(shown)["output"] == {"inline": expected}
    assert orjson.loads(named)["output"] == result["output"]
    assert orjson.loads(told)["answer"] == expected
    assert max(sizes.values()) < 10_000, f"no topic carries a large body: {sizes}"
    assert max(len(it.value or b"") for it in stored) < 10_000
    # Whoever was killed in the middle of writing one has left a part of it under a name of its own.
    assert len(list((store / "acme").glob("[0-9a-f]" * 64))) == 4, (
        "input, one text for all items, what joins it, what came"
    )
    assert topics.topic("jobs.finished").max_message_bytes < ITEMS * CHARACTERS


@pytest.mark.timeout(300)
def test_a_large_question_is_asked_answered_and_served_again(kafka: str, tmp_path: Path) -> None:
    namespace, store = f"asked-{uuid.uuid4().hex[:8]}", tmp_path / "bodies"
    environment = {"HEADCHEF_BODIES": store.as_uri(), "HEADCHEF_BODIES_INLINE_BYTES": "1024"}
    prompt = "Describe an oak. " * 200
    with (
        Deployment(kafka, namespace, tmp_path, environment=environment) as deployment,
        Pipeline(deployment) as pipeline,
    ):
        for job_id in ("first", "second"):
            pipeline.publish({"job_id": job_id, "prompt": prompt}, key=job_id)
            pipeline.result(job_id)
            pipeline.settled()
        results = {job_id: pipeline.result(job_id) for job_id in ("first", "second")}
        steps = [it.event["step"] for topic in ("steps.planned", "steps.completed") for it in pipeline.of(topic)]
        assert deployment.calls() == 1
    reference, data = written(prompt)
    assert [result["status"] for result in results.values()] == ["ok", "ok"]
    assert results["first"]["output"] == results["second"]["output"]
    cache = results["second"]["cache"]
    assert (cache["kind"], cache["source_job_id"]) == ("exact", "first")
    assert [step["request"]["messages"][0]["content"] for step in steps] == [{"ref": reference.model_dump()}] * 4
    assert (store / "default" / reference.sha256).read_bytes() == data
