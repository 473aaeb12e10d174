"""What befalls a member inside aiokafka: it enters its group anew, or ends aloud."""

import contextlib
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from headchef.runtime.errors import CommitRefused
from headchef.runtime.log.kafka.membership import KafkaMembership
from headchef.runtime.log.port import Commit, Partition
from tests.support.backends import Backend
from tests.support.eventually import eventually, eventually_async
from tests.support.group_client import Joined, join


def driver_of(member: Joined) -> AIOKafkaConsumer:
    assert isinstance(member.membership, KafkaMembership)
    driver = member.membership._consumer
    assert driver is not None
    return driver


async def test_a_member_whose_driver_lost_a_task_enters_the_group_anew(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    member = await join(backend, backend.name("group"), backend.name("a"), topic)
    coordinator: Any = driver_of(member)._coordinator
    coordinator._coordination_task.cancel()
    await eventually(lambda: member.member.absences == 1)

    async def committed() -> bool:
        with contextlib.suppress(CommitRefused):
            await member.membership.commit({Partition(topic, 0): Commit(1)})
            return True
        return False

    await eventually_async(committed)
    assert member.membership.failure() is None


async def test_an_error_that_nobody_has_thought_of_ends_the_membership_aloud(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await join(backend, backend.name("group"), backend.name("a"), await backend.make_topic(2))

    async def broken(*args: object, **kwargs: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(driver_of(member), "getmany", broken)
    await eventually(lambda: isinstance(member.membership.failure(), KeyError))
