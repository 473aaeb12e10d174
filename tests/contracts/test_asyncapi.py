"""The AsyncAPI document: valid by AsyncAPI's own schema, complete, and its references lead somewhere."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs

from headchef_contracts.generate import PACKAGE
from headchef_contracts.registry import REGISTRY
from headchef_contracts.topics import TEMPLATES, TOPICS

DOCUMENT: dict[str, Any] = json.loads((PACKAGE / "asyncapi.json").read_text("utf-8"))
OFFICIAL = Path(__file__).parent / "data" / "asyncapi-3.0.0.schema.json.gz"


def official() -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(json.loads(gzip.decompress(OFFICIAL.read_bytes())))


def test_the_document_is_valid_by_asyncapis_own_schema() -> None:
    errors = [f"{list(error.instance_path)}: {error.message[:200]}" for error in official().iter_errors(DOCUMENT)]
    assert errors == []


def test_asyncapis_own_schema_would_find_a_wrong_binding() -> None:
    wrong = json.loads(json.dumps(DOCUMENT))
    wrong["channels"]["jobs.submitted"]["bindings"]["kafka"]["partitions"] = 0
    assert not official().is_valid(wrong)


def test_every_topic_and_its_dead_letters_are_channels() -> None:
    rows = [*TOPICS.values(), *(row for row in TEMPLATES.values() if row.events)]
    names = {row.logical for row in rows} | {f"{row.logical}.dlq" for row in rows if row.dead_letters}
    assert set(DOCUMENT["channels"]) == {re.sub("[<>]", "", name) for name in names}
    channel = DOCUMENT["channels"]["steps.dispatched.lane"]
    assert channel["address"] == "{namespace}.steps.dispatched.{lane}.v1"
    assert channel["bindings"]["kafka"]["topic"] == "headchef.steps.dispatched.default.v1"


def test_every_published_version_is_a_message_with_key_headers_and_examples() -> None:
    messages = DOCUMENT["components"]["messages"]
    for event_type, version in REGISTRY.models:
        message = messages[f"{event_type.removeprefix('headchef.')}.{version}"]
        assert message["headers"]["properties"]["ce_type"]["const"] == event_type
        assert message["examples"]
    assert messages["step.planned.1"]["bindings"]["kafka"]["key"]["description"].startswith("the event's step.fing")
    assert "key" not in messages["step.dispatched.1"]["bindings"]["kafka"]


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        if reference.startswith("#/"):
            node: Any = DOCUMENT
            for part in reference.removeprefix("#/").split("/"):
                node = node[part]
        else:
            assert (PACKAGE / reference).is_file(), reference


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for name, each in node.items() if name != "examples" for found in references(each)]


def test_processors_receive_in_their_groups() -> None:
    operation = DOCUMENT["operations"]["executor.lane.receive.steps.dispatched.lane"]
    pattern = operation["bindings"]["kafka"]["groupId"]["pattern"]
    assert re.fullmatch(pattern, "headchef.executor.default")
    assert "bindings" not in DOCUMENT["operations"]["downstream.receive.jobs.finished"]
