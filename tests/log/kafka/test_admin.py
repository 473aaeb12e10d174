"""Making topics and comparing them with what they should be."""

import uuid

import pytest

from headchef.runtime.errors import LogRefused
from headchef.runtime.log.kafka.admin import Difference, WantedTopic, administration
from headchef.runtime.log.kafka.settings import KafkaSettings

CONFIGURATION = {"cleanup.policy": "delete", "retention.ms": "60000", "max.message.bytes": "2000"}


def wanted(**changes: object) -> WantedTopic:
    fields = {"name": f"t{uuid.uuid4().hex}", "partitions": 2, "replicas": 3, "configuration": CONFIGURATION}
    return WantedTopic(**{**fields, **changes})  # type: ignore[arg-type]  # one field is changed by each test


async def test_topics_are_made_once(kafka: str) -> None:
    topic, other = wanted(), wanted()
    async with administration(KafkaSettings(bootstrap=kafka)) as admin:
        assert await admin.create([topic]) == [topic.name]
        assert await admin.create([topic, other]) == [other.name]
        assert await admin.create([]) == []
        assert await admin.differences([topic, other]) == []


async def test_differences_are_told(kafka: str) -> None:
    topic, missing = wanted(), wanted()
    changed = wanted(name=topic.name, partitions=3, configuration={**CONFIGURATION, "retention.ms": "90000"})
    async with administration(KafkaSettings(bootstrap=kafka)) as admin:
        await admin.create([topic])
        assert await admin.differences([changed, missing]) == [
            Difference(topic.name, "partitions", "3", "2"),
            Difference(topic.name, "retention.ms", "90000", "60000"),
            Difference(missing.name, "topic", "to exist", "missing"),
        ]


async def test_a_setting_that_the_broker_does_not_take_is_told_in_its_words(kafka: str) -> None:
    async with administration(KafkaSettings(bootstrap=kafka)) as admin:
        with pytest.raises(LogRefused, match="no such policy"):
            await admin.create([wanted(configuration={"cleanup.policy": "no such policy"})])


async def test_asking_for_topics_does_not_make_them(kafka: str) -> None:
    topic = wanted()
    async with administration(KafkaSettings(bootstrap=kafka)) as admin:
        for _ in range(2):
            assert await admin.differences([topic]) == [Difference(topic.name, "topic", "to exist", "missing")]
