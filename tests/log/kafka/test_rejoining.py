"""Wishes to rejoin at any moment of a round, with commits in between: nobody is dropped, and no wish is lost."""

import asyncio
import contextlib
import random

import pytest

from headchef.runtime.errors import CommitRefused
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
