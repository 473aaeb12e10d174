"""Workflows that read sources on real Kafka: what is read reaches the prompt, and what may not be read is refused."""

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.pipeline import Pipeline
from tests.support.services import Deployment
from tests.support.typed import typed

FACTS = {"Ghent": {"population": 265086, "river": "Scheldt"}, "Lyon": {"population": 522250, "river": "Rhône"}}
WORKFLOW = """
workflow: guide
version: 1
steps:
  - id: facts
    http: {{get: "http://127.0.0.1:{port}/{{{{ input.city }}}}.json?token=s3cret", allow_hosts: ["127.0.0.1:{port}"]}}
    output: {{schema: facts.v1}}
  - id: text
    llm: {{text: "Write of a city at the {{{{ facts.river }}}}.", with: {{facts: "{{{{ steps.facts }}}}"}}}}
  - id: inside
    http: {{get: "http://127.0.0.2:{port}/Ghent.json", allow_hosts: ["127.0.0.2:{port}"], as: text}}
    on_error: continue_with
    continue_with: "refused"
result: {{from: "{{{{ steps.text }}}} {{{{ steps.inside }}}}"}}
"""
SCHEMA = {
    "type": "object",
    "properties": {"population": {"type": "integer"}, "river": {"type": "string"}},
    "required": ["population", "river"],
}


class Site(BaseHTTPRequestHandler):
    """Serves facts of cities, and the fault of one that is none."""

    def do_GET(self) -> None:
        """Answer by the path."""
        city = self.path.partition("?")[0].removeprefix("/").removesuffix(".json")
        found = FACTS.get(city, {"population": "many"} if city == "Atlantis" else None)
        body = json.dumps(found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
        """Keep still."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.timeout(300)
def test_what_a_source_says_reaches_the_prompt_and_private_addresses_are_not_asked(
    kafka: str, tmp_path: Path, port: int
) -> None:
    namespace = f"sources-{uuid.uuid4().hex[:8]}"
    settings = {"HEADCHEF_SOURCES_PRIVATE_HOSTS": "127.0.0.1"}
    deployment = Deployment(kafka, namespace, tmp_path, counts={"fetcher": 1}, environment=settings)
    deployment.make()
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/facts.v1.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "guide.yaml").write_text(WORKFLOW.format(port=port))
    typed(deployment, "workflow", "apply", str(tmp_path / "guide.yaml"))
    with deployment, Pipeline(deployment) as pipeline:
        for city in ("Ghent", "Lyon", "Atlantis", "Nowhere"):
            pipeline.publish({"job_id": city, "workflow": "guide@1", "input": {"city": city}}, key=city)
        results = {city: pipeline.result(city) for city in ("Ghent", "Lyon", "Atlantis", "Nowhere")}
        pipeline.settled()
        prompts = [
            it.event["step"]["request"]["messages"][-1]["content"]["inline"] for it in pipeline.of("steps.planned")
        ]
        told = [it.event for it in pipeline.of("fetches.ended") if it.event["step_id"] == "inside"]
    assert sorted(prompts) == ["Write of a city at the Rhône.", "Write of a city at the Scheldt."]
    assert {each["failure"]["reason"] for each in told} == {"forbidden_address"}
    ghent, lyon = results["Ghent"], results["Lyon"]
    assert (ghent["status"], lyon["status"]) == ("ok", "ok")
    assert ghent["output"]["inline"].endswith(" refused")
    [source] = ghent["provenance"]["sources"]
    assert (source["step_id"], source["address"]) == ("facts", f"http://127.0.0.1:{port}/Ghent.json")
    assert source["sha256"] != lyon["provenance"]["sources"][0]["sha256"]
    assert [results[city]["failure"]["message"].partition(":")[0] for city in ("Atlantis", "Nowhere")] == ["facts"] * 2
    assert "rejected" in results["Atlantis"]["failure"]["message"]
    assert "s3cret" not in json.dumps(results)
