"""Wishes to rejoin at any moment of a round, with commits in between: nobody is dropped, and no wish is lost."""

import asyncio
import contextlib
import random

import pytest
from aiokafka import AIOKafkaConsumer

from headchef.runtime.errors import CommitRefused
from headchef.runtime.log.kafka import internals
from headchef.runtime.log.kafka import membership as membership_module
from headchef.runtime.log.kafka.membership import KafkaMembership
from headchef.runtime.log.port import Commit, Partition
from tests.support.backends import Backend
from tests.support.eventually import eventually
from tests.support.group_client import join


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


async def test_a_driver_that_does_not_end_keeps_nobody_out_of_the_group(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await backend.make_topic(2)
    member = await join(backend, backend.name("group"), backend.name("a"), topic)
    membership, stop, released = member.membership, internals.stop_consumer, asyncio.Event()
    assert isinstance(membership, KafkaMembership)
    former = membership._consumer
    assert former is not None

    async def hanging(consumer: AIOKafkaConsumer) -> None:
        await released.wait()
        await stop(consumer)

    monkeypatch.setattr(internals, "stop_consumer", hanging)
    monkeypatch.setattr(membership_module, "_LET_GO_S", 0.1)
    async with asyncio.timeout(20):
        assert await membership._enter_anew(former) is not former
    released.set()
