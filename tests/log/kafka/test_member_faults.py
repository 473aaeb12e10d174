"""What befalls a member inside aiokafka: it enters its group anew, or ends aloud."""

import contextlib
from collections.abc import Awaitable, Callable
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


async def until_it_commits(member: Joined, topic: str) -> None:
    async def committed() -> bool:
        with contextlib.suppress(CommitRefused):
            await member.membership.commit({Partition(topic, 0): Commit(1)})
            return True
        return False

    await eventually_async(committed)


async def test_a_member_whose_driver_lost_a_task_enters_the_group_anew(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    member = await join(backend, backend.name("group"), backend.name("a"), topic)
    coordinator: Any = driver_of(member)._coordinator
    coordinator._coordination_task.cancel()
    await eventually(lambda: member.member.absences == 1)
    await until_it_commits(member, topic)
    assert member.membership.failure() is None


async def test_a_wish_to_rejoin_while_a_member_starts_anew_does_not_enter_the_group_within_the_start(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await backend.make_topic(2)
    member = await join(backend, backend.name("group"), backend.name("a"), topic)
    start: Callable[[AIOKafkaConsumer], Awaitable[None]] = AIOKafkaConsumer.start
    subscribed: list[frozenset[str]] = []

    async def wishing(consumer: AIOKafkaConsumer) -> None:
        member.membership.rejoin()
        await start(consumer)
        subscribed.append(consumer.subscription())

    monkeypatch.setattr(AIOKafkaConsumer, "start", wishing)
    coordinator: Any = driver_of(member)._coordinator
    coordinator._coordination_task.cancel()
    await eventually(lambda: bool(subscribed))
    await until_it_commits(member, topic)
    assert subscribed == [frozenset()], "what befalls a member in its group would end the process as a failed start"
    assert member.membership.failure() is None


async def test_an_error_that_nobody_has_thought_of_ends_the_membership_aloud(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await join(backend, backend.name("group"), backend.name("a"), await backend.make_topic(2))

    async def broken(*args: object, **kwargs: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(driver_of(member), "getmany", broken)
    await eventually(lambda: isinstance(member.membership.failure(), KeyError))
