"""A workflow that looks into a collection on real Kafka: what was loaded reaches the prompt, and the provenance."""

import json
import uuid
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

COLLECTIONS = """
collections:
  tips: {folder: data, tenant_field: tenant, hashed: {}}
"""
TEXTS = {
    "ghent": "Boats leave the harbour of Ghent every hour.",
    "lyon": "The hills of Lyon are climbed by funiculars.",
}
WORKFLOW = """
workflow: guide
version: 1
steps:
  - id: tips
    retrieve: {collection: tips, query: "what to do in {{ input.city }}", top_k: 1, filter: {checked: true}}
  - id: none
    retrieve: {collection: none, query: "a"}
    on_error: continue_with
    continue_with: {documents: []}
  - id: text
    llm: {text: "Use: {{ tip }}", with: {tip: "{{ steps.tips.documents[0].text }}"}}
result: {from: "{{ steps.text }}{{ steps.none.documents }}"}
"""


@pytest.mark.timeout(300)
def test_what_was_loaded_reaches_the_prompt_and_the_provenance(kafka: str, tmp_path: Path) -> None:
    namespace = f"retrieval-{uuid.uuid4().hex[:8]}"
    (tmp_path / "collections.yaml").write_text(COLLECTIONS)
    lines = [{"id": name, "text": text, "payload": {"checked": True}} for name, text in TEXTS.items()]
    lines.append({"id": "draft", "text": "What to do in Ghent", "payload": {"checked": False}})
    (tmp_path / "tips.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "guide.yaml").write_text(WORKFLOW)
    settings = {"HEADCHEF_COLLECTIONS": str(tmp_path / "collections.yaml")}
    deployment = Deployment(kafka, namespace, tmp_path, counts={"retriever": 1}, environment=settings)
    deployment.make()
    typed(deployment, "collection", "load", "tips", str(tmp_path / "tips.jsonl"), **settings)
    typed(deployment, "workflow", "apply", str(tmp_path / "guide.yaml"))
    with deployment, Pipeline(deployment) as pipeline:
        for city in TEXTS:
            pipeline.publish({"job_id": city, "workflow": "guide@1", "input": {"city": city.title()}}, key=city)
        foreign = {"job_id": "foreign", "workflow": "guide@1", "input": {"city": "Ghent"}, "tenant": "other"}
        pipeline.publish(foreign, key="foreign")
        results = {job: pipeline.result(job) for job in (*TEXTS, "foreign")}
        pipeline.settled()
        prompts = [
            it.event["step"]["request"]["messages"][-1]["content"]["inline"] for it in pipeline.of("steps.planned")
        ]
        told = [it.event for it in pipeline.of("retrievals.ended") if it.event["step_id"] == "none"]
    assert sorted(prompts) == [f"Use: {text}" for text in TEXTS.values()]
    assert {each["failure"]["reason"] for each in told} == {"unknown_collection"}
    for name, text in TEXTS.items():
        assert results[name]["status"] == "ok"
        [used] = results[name]["provenance"]["texts"]
        assert (used["step_id"], used["collection"], used["id"]) == ("tips", "tips", name)
        assert used["sha256"] == sha256(text.encode()).hexdigest()
    assert results["foreign"]["status"] == "failed"
    assert not any(text in json.dumps(results["foreign"]) for text in TEXTS.values())
