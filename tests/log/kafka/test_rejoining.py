"""Wishes to rejoin at any moment of a round, with commits in between: nobody is dropped, and no wish is lost."""

import asyncio
import contextlib
import random
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


@pytest.mark.parametrize("seed", [1, 2])
async def test_members_that_rejoin_all_the_time_stay_members(backend: Backend, seed: int) -> None:
    chance = random.Random(seed)
    topic, group = await backend.make_topic(4), backend.name("group")
    members = await asyncio.gather(*(join(backend, group, backend.name(each), topic) for each in "abc"))
    for number in range(150):
        one, other = chance.sample(members, 2)
        one.member.said = f"{one.member.said.decode()[:1]}{number}".encode()
        one.membership.rejoin()
        for _ in range(chance.randrange(4)):
            with contextlib.suppress(CommitRefused):
                await other.membership.commit({Partition(topic, 0): Commit(number)})
    last = sorted(each.member.said for each in members)
    # Whoever leads then has been told everybody's last report.
    await eventually(lambda: any(each.member.rounds and each.member.rounds[-1] == last for each in members))
    assert [each.membership.failure() for each in members] == [None, None, None]
    assert [each.member.absences for each in members] == [0, 0, 0]


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
