"""The topic table: complete, consistent with the events, and resolved for lanes, dead letters and changelogs."""

import tomllib
from dataclasses import fields, replace
from typing import Any

import pytest

from headchef_contracts import registry, topics
from headchef_contracts.errors import UnknownTopic
from headchef_contracts.events.common import Event
from headchef_contracts.generate import PACKAGE
from headchef_contracts.registry import REGISTRY
from headchef_contracts.topics import TEMPLATES, TOPICS, Topic

TABLE: dict[str, Any] = tomllib.loads((PACKAGE / "topics.toml").read_text("utf-8"))


def example_of(event_type: str) -> Event:
    path = min((PACKAGE / "schemas" / event_type / "1" / "examples").glob("*.json"))
    return registry.decode(event_type, 1, path.read_bytes())


def test_every_field_of_every_row_is_set() -> None:
    expected = {field.name for field in fields(Topic)} - {"logical", "broadcast"}
    rows = {name: set(row) - {"broadcast"} for name, row in TABLE["topic"].items()}
    assert rows == dict.fromkeys(TABLE["topic"], expected)


def test_every_event_has_a_topic_and_every_topic_known_events() -> None:
    carried = {event_type for row in (*TOPICS.values(), *TEMPLATES.values()) for event_type in row.events}
    assert carried == set(REGISTRY.newest)


@pytest.mark.parametrize("name", [*TOPICS, "steps.dispatched.default"])
def test_keys_are_read_from_the_events(name: str) -> None:
    row = topics.topic(name)
    for event_type in row.events:
        key = topics.key_of(name, example_of(event_type))
        assert key is None if row.key == "" else isinstance(key, bytes)


def test_a_refusal_without_a_job_id_has_no_key() -> None:
    path = PACKAGE / "schemas/headchef.job.refused/1/examples/not_json.json"
    assert topics.key_of("jobs.refused", registry.decode("headchef.job.refused", 1, path.read_bytes())) is None


def test_inputs_of_one_processor_have_the_same_partitions() -> None:
    assert {row.partitions for row in topics.required(["default"]) if not row.broadcast} == {4}


@pytest.mark.parametrize(("name", "key"), [("catalog", "name"), ("brakes", "brake")])
def test_a_broadcast_is_nobodys_input_and_keeps_the_last_of_each_key(name: str, key: str) -> None:
    row = topics.topic(name)
    assert (row.broadcast, row.cleanup_policy, row.key, row.partitions) == (True, "compact", key, 1)
    read = [topic for names in topics.inputs(["default"]).values() for topic in names]
    assert name not in read
    assert name in [each.logical for each in topics.required([])]


def test_a_lane_has_its_own_topic_reader_and_dead_letters() -> None:
    lane = topics.topic("steps.dispatched.openai-small")
    assert (lane.logical, lane.readers) == ("steps.dispatched.openai-small", ("executor.openai-small", "cli"))
    dead = topics.topic("steps.dispatched.openai-small.dlq")
    assert dead.max_message_bytes == lane.max_message_bytes + 65_536
    assert dead.partitions == lane.partitions
    assert dead.writers == ("executor.openai-small",)
    assert "steps.dispatched.openai-small" in dead.description


def test_changelogs_are_compacted_or_a_window() -> None:
    assert topics.topic("executor.default.tasks.changelog").cleanup_policy == "compact"
    assert topics.topic("executor.default.tasks.changelog").writers == ("executor.default",)
    seen = topics.topic("router.seen.changelog")
    assert (seen.cleanup_policy, seen.retention_ms) == ("delete", 7 * 24 * 3_600_000)


@pytest.mark.parametrize(
    "name",
    [
        "jobs.submitted.a.b",
        "jobs.submitted.",
        "jobs.submitted.bulk.bulk",
        "jobs.submitted.dlq.bulk",
        "jobs.submited",
        "batches.finished.dlq",
        "steps.dispatched.",
        "steps.dispatched.A B",
        "jobs.submitted.dlq.dlq",
    ],
)
def test_an_unknown_topic_is_refused(name: str) -> None:
    with pytest.raises(UnknownTopic):
        topics.topic(name)


def test_a_deployment_needs_each_topic_once() -> None:
    names = [row.logical for row in topics.required(["default", "batch"])]
    assert len(names) == len(set(names))
    for name in (
        "jobs.submitted", "jobs.submitted.dlq", "steps.dispatched.default", "steps.dispatched.batch.dlq",
        "executor.batch.tasks.changelog", "router.tasks.changelog", "router.seen.changelog", "cache.tasks.changelog",
        "validator.tasks.changelog", "jobs.finished", "jobs.refused", "attempts.recorded",
    ):  # fmt: skip
        assert name in names
    assert not [name for name in names if "<" in name]


def test_an_entry_has_the_settings_of_the_public_one_and_topics_only_where_it_is_named() -> None:
    names = ("jobs.submitted.acme", "jobs.submitted.acme.bulk")
    for name, public in zip(names, ("jobs.submitted", "jobs.submitted.bulk"), strict=True):
        row = topics.topic(name)
        assert replace(row, logical=public, description="") == replace(topics.topic(public), description="")
    read = topics.inputs([], ["acme"])["router"]
    assert set(read) - set(topics.inputs([])["router"]) == set(names)
    made = {row.logical for row in topics.required([], ["acme"])} - {row.logical for row in topics.required([])}
    assert made == {*names, *(f"{name}.dlq" for name in names)}


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("jobs.submitted.acme", "acme"),
        ("jobs.submitted.acme.bulk", "acme"),
        ("jobs.submitted", None),
        ("jobs.submitted.bulk", None),
        ("jobs.submitted.dlq", None),
        ("jobs.submitted.acme.dlq", None),
        ("jobs.commands", None),
    ],
)
def test_the_topic_of_an_entry_says_which_it_is(name: str, entry: str | None) -> None:
    assert topics.entry_of(name) == entry
    assert topics.door(entry) == (name.removesuffix(".bulk") if entry else "jobs.submitted")


def test_settings_have_kafkas_names() -> None:
    assert topics.topic("jobs.submitted").configuration() == {
        "cleanup.policy": "delete",
        "retention.ms": "604800000",
        "retention.bytes": "-1",
        "message.timestamp.type": "LogAppendTime",
        "segment.ms": "21600000",
        "min.cleanable.dirty.ratio": "0.5",
        "max.message.bytes": "1048576",
    }


def test_every_topic_says_how_long_it_keeps_and_none_drops_by_size() -> None:
    for row in topics.required(["default"]):
        settings = row.configuration()
        assert int(settings["retention.ms"]) > 0 or settings["cleanup.policy"] == "compact", row.logical
        assert settings["retention.bytes"] == "-1", row.logical


def test_every_topic_with_dead_letters_is_an_input_of_one_processor() -> None:
    read = [name for names in topics.inputs(["default", "batch"]).values() for name in names]
    assert len(read) == len(set(read))
    assert set(read) == {row.logical for row in topics.required(["default", "batch"]) if row.dead_letters}
    assert topics.inputs(["batch"])["executor.batch"] == ("steps.dispatched.batch", "steps.dispatched.batch.bulk")


def test_dead_letters_are_written_by_processors_alone() -> None:
    processors = topics.inputs(["default"], ["acme"]).keys()
    for row in topics.required(["default"], ["acme"]):
        if row.dead_letters:
            assert set(topics.topic(f"{row.logical}.dlq").writers) <= set(processors), row.logical
    assert topics.topic("jobs.finished.dlq").writers == ("batches",)


def test_names_on_the_cluster_and_back() -> None:
    assert topics.physical("headchef", "jobs.submitted") == "headchef.jobs.submitted.v1"
    assert topics.logical("headchef", "headchef.jobs.submitted.v1") == "jobs.submitted"
    assert topics.logical("headchef", "other.jobs.submitted.v1") is None
    assert topics.logical("headchef", "headchef.jobs.submitted") is None
    assert topics.logical("headchef", "headchef.v1") is None
