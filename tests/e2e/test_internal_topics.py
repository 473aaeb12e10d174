"""Records that should not be on an internal topic: garbage is buried, and what is newer than the program ends it."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from headchef_contracts.topics import physical

from tests.support.pipeline import Header, Pipeline
from tests.support.services import Deployment

PARTITIONS = 4


def event_headers(event_type: str, version: int) -> list[Header]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", uuid.uuid4().hex.encode()),
        ("ce_source", b"/test"),
        ("ce_type", event_type.encode()),
        ("ce_dataschema", f"urn:headchef:schema:{event_type}:{version}".encode()),
    ]


GARBAGE: list[tuple[str, bytes | dict[str, Any], list[Header], str, str]] = [
    ("no headers", b"{}", [], "no_cloudevents_headers", "ce_type"),
    ("half of the headers", b"{}", [("ce_id", b"1")], "invalid", "ce_source"),
    ("no JSON", b"\xff\x00", event_headers("headchef.step.completed", 1), "invalid", ""),
    ("not the form", b'{"step": {}}', event_headers("headchef.step.completed", 1), "invalid", "step"),
    ("unknown type", b"{}", event_headers("shop.order", 1), "unknown_type", "ce_type"),
    ("null header", b"{}", [("ce_id", None), ("traceparent", None)], "invalid", "ce_id"),
]


@pytest.mark.parametrize("topic", ["steps.planned", "steps.dispatched.default", "steps.completed"])
@pytest.mark.parametrize(
    ("value", "headers", "reason", "field"), [each[1:] for each in GARBAGE], ids=[each[0] for each in GARBAGE]
)
def test_garbage_is_buried_and_work_goes_on(
    pipeline: Pipeline, job_id: str, topic: str, value: bytes, headers: list[Header], reason: str, field: str
) -> None:
    published = pipeline.publish(value, topic=topic, key=b"k", headers=headers, partition=1)
    letter = pipeline.letter(published)
    assert (letter.value, letter.key, letter.partition) == (value, b"k", 1)
    assert tuple(letter.header_list[: len(headers)]) == tuple(headers)
    assert letter.headers["headchef-reason"] == reason
    assert letter.headers["headchef-field"].startswith(field)
    assert letter.headers["kafka_original-topic"] == physical(pipeline.namespace, topic)
    pipeline.publish({"job_id": job_id, "prompt": f"After garbage {job_id}."}, key=job_id)
    assert pipeline.result(job_id)["status"] == "ok"


def test_a_tombstone_on_an_internal_topic_is_passed_over(pipeline: Pipeline) -> None:
    pipeline.settled()
    before = len(pipeline.of("steps.completed.dlq"))
    pipeline.publish(None, topic="steps.completed", key=b"k", partition=1)
    pipeline.settled()
    assert len(pipeline.of("steps.completed.dlq")) == before


def test_a_newer_version_ends_the_processor_and_commits_nothing(kafka: str, tmp_path: Path) -> None:
    with Deployment(kafka, f"newer-{uuid.uuid4().hex[:8]}", tmp_path) as deployment, Pipeline(deployment) as pipeline:
        pipeline.publish({"job_id": "before", "prompt": "A chair."})
        pipeline.result("before")
        pipeline.settled()
        [validator] = deployment.of("validator")
        newer = json.dumps({"of": "tomorrow"}).encode()
        headers = event_headers("headchef.step.completed", 99)
        published = pipeline.publish(newer, topic="steps.completed", headers=headers, partition=2)

        assert validator.wait() == 1
        said = validator.log().splitlines()[-1]
        assert f"steps.completed.v1[2] offset {published.offset()}" in said
        assert "headchef.step.completed" in said
        assert "99" in said
        assert "upgrade" in said
        validator.start()
        assert validator.wait() == 1, "it is still there after a restart"
        assert pipeline.committed("validator", "steps.completed").get(2, 0) <= (published.offset() or 0)
        assert pipeline.of("steps.completed.dlq") == []
