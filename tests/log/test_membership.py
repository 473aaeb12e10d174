"""A place in a group: shares, rounds, sessions, static members that return, and members that are fenced."""

import asyncio

import pytest

from headchef.runtime.errors import CommitRefused, LogRefused, MemberFenced
from headchef.runtime.log.port import Commit, Partition
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S, eventually, eventually_async
from tests.support.group_client import HEARTBEAT_S, SESSION_TIMEOUT_S, dealt, join, settings, settled
from tests.support.recording_member import RecordingMember

LEAST_S = SESSION_TIMEOUT_S / 3
"""At least so long after a member's end its session ends, even if it had stood still before."""


async def test_one_member_gets_every_task(backend: Backend) -> None:
    topic, group = await backend.make_topic(3), backend.name("group")
    only = await join(backend, group, backend.name("a"), topic, said=b"report")
    assert only.member.tasks == [0, 1, 2]
    assert only.member.rounds == [[b"report"]]
    assert only.membership.failure() is None


async def test_the_smallest_topic_decides_the_number_of_tasks(backend: Backend) -> None:
    wide, narrow, group = await backend.make_topic(4), await backend.make_topic(2), backend.name("group")
    only = await join(backend, group, backend.name("a"), wide, narrow)
    assert only.member.counts == [2]
    assert only.member.tasks == [0, 1]


async def test_members_that_come_later_get_their_shares_in_a_new_round(backend: Backend) -> None:
    topic, group = await backend.make_topic(6), backend.name("group")
    first = await join(backend, group, backend.name("a"), topic)
    second = await join(backend, group, backend.name("b"), topic)
    await settled(first, second)
    third = await join(backend, group, backend.name("c"), topic)
    await settled(first, second, third)
    assert dealt(first, second, third) == list(range(6))
    assert [len(each.member.tasks or []) for each in (first, second, third)] == [2, 2, 2]


async def test_the_leader_learns_a_changed_report_when_its_member_rejoins(backend: Backend) -> None:
    topic, group = await backend.make_topic(2), backend.name("group")
    leader = await join(backend, group, backend.name("a"), topic, said=b"first")
    follower = await join(backend, group, backend.name("b"), topic, said=b"old")
    await settled(leader, follower)
    follower.member.said = b"new"
    follower.membership.rejoin()
    await eventually(lambda: leader.member.rounds[-1] == [b"first", b"new"])
    await settled(leader, follower)


async def test_a_leader_that_rejoins_makes_a_round_without_a_changed_report(backend: Backend) -> None:
    topic, group = await backend.make_topic(2), backend.name("group")
    leader = await join(backend, group, backend.name("a"), topic)
    follower = await join(backend, group, backend.name("b"), topic)
    await settled(leader, follower)
    rounds = leader.member.round
    leader.membership.rejoin()
    await eventually(lambda: leader.member.round > rounds)
    await settled(leader, follower)


async def test_a_follower_that_rejoins_unchanged_gets_its_share_without_a_round(backend: Backend) -> None:
    topic, group = await backend.make_topic(2), backend.name("group")
    leader = await join(backend, group, backend.name("a"), topic)
    follower = await join(backend, group, backend.name("b"), topic)
    await settled(leader, follower)
    given, rounds = len(follower.member.payloads), len(leader.member.rounds)
    follower.membership.rejoin()
    await eventually(lambda: len(follower.member.payloads) > given)
    assert follower.member.payloads[-1] == follower.member.payloads[-2]
    assert len(leader.member.rounds) == rounds


async def test_a_request_to_rejoin_from_within_assigned_is_kept(backend: Backend) -> None:
    topic, group = await backend.make_topic(1), backend.name("group")
    log, instance = backend.process("p"), backend.name("a")

    class Restless(RecordingMember):
        def assigned(self, payload: bytes) -> None:
            super().assigned(payload)
            if len(self.payloads) < 3:
                self.said = b"x" * len(self.payloads)
                membership.rejoin()

    member = Restless()
    membership = log.membership(settings(group, instance, topic), member)
    await membership.join()
    await eventually(lambda: len(member.payloads) == 3)


async def test_a_killed_members_tasks_go_to_the_others_when_its_session_ends(backend: Backend) -> None:
    topic, group = await backend.make_topic(4), backend.name("group")
    survivor = await join(backend, group, backend.name("a"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    victim = await join(backend, group, backend.name("b"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    await settled(survivor, victim)
    killed_s = asyncio.get_running_loop().time()
    await backend.kill(victim.log)
    await settled(survivor)
    assert survivor.member.tasks == [0, 1, 2, 3]
    assert asyncio.get_running_loop().time() - killed_s > LEAST_S


async def test_a_killed_leader_is_replaced(backend: Backend) -> None:
    topic, group = await backend.make_topic(4), backend.name("group")
    leader = await join(backend, group, backend.name("a"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    survivor = await join(backend, group, backend.name("b"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    await settled(leader, survivor)
    await backend.kill(leader.log)
    await eventually(lambda: survivor.member.tasks == [0, 1, 2, 3])
    assert survivor.member.rounds


async def test_leaving_says_no_word_so_that_the_place_is_kept(backend: Backend) -> None:
    topic, group = await backend.make_topic(4), backend.name("group")
    survivor = await join(backend, group, backend.name("a"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    leaving = await join(backend, group, backend.name("b"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    await settled(survivor, leaving)
    rounds = len(survivor.member.rounds)
    left_s = asyncio.get_running_loop().time()
    await leaving.membership.close()
    await eventually(lambda: len(survivor.member.rounds) > rounds)
    assert asyncio.get_running_loop().time() - left_s > LEAST_S


async def test_a_member_that_leaves_gives_its_place_up_at_once(backend: Backend) -> None:
    topic, group = await backend.make_topic(4), backend.name("group")
    stays, leaves = [
        await join(backend, group, backend.name(each), topic, session_timeout_s=PATIENCE_S / 2) for each in ("a", "b")
    ]
    await settled(stays, leaves)
    left_s = asyncio.get_running_loop().time()
    await leaves.membership.leave()
    await settled(stays)
    assert stays.member.tasks == [0, 1, 2, 3]
    assert asyncio.get_running_loop().time() - left_s < PATIENCE_S / 2 - 2 * HEARTBEAT_S


async def test_a_round_waits_for_a_dead_member_until_its_session_ends(backend: Backend) -> None:
    topic, group = await backend.make_topic(4), backend.name("group")
    first = await join(backend, group, backend.name("a"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    victim = await join(backend, group, backend.name("b"), topic, session_timeout_s=SESSION_TIMEOUT_S)
    await settled(first, victim)
    killed_s = asyncio.get_running_loop().time()
    await backend.kill(victim.log)
    third = await join(backend, group, backend.name("c"), topic)
    assert asyncio.get_running_loop().time() - killed_s > LEAST_S
    await settled(first, third)
    assert dealt(first, third) == [0, 1, 2, 3]


@pytest.mark.parametrize("returns", ["leader", "follower"])
async def test_a_static_member_that_returns_in_time_gets_its_share_without_a_round(
    backend: Backend, returns: str
) -> None:
    topic, group = await backend.make_topic(4), backend.name("group")
    names = {"leader": backend.name("a"), "follower": backend.name("b")}
    members = {role: await join(backend, group, name, topic) for role, name in names.items()}
    await settled(*members.values())
    other = members["follower" if returns == "leader" else "leader"]
    given = len(other.member.payloads)
    await backend.kill(members[returns].log)
    returned = await join(backend, group, names[returns], topic, said=b"knows nothing yet")
    assert returned.member.payloads == members[returns].member.payloads[-1:]
    assert not returned.member.rounds
    assert len(other.member.payloads) == given


async def test_a_static_member_that_returned_takes_part_in_later_rounds(backend: Backend) -> None:
    topic, group = await backend.make_topic(4), backend.name("group")
    name = backend.name("a")
    leader = await join(backend, group, name, topic)
    follower = await join(backend, group, backend.name("b"), topic)
    await settled(leader, follower)
    await backend.kill(leader.log)
    returned = await join(backend, group, name, topic, said=b"new life")
    third = await join(backend, group, backend.name("c"), topic)
    await eventually(lambda: returned.member.size == follower.member.size == third.member.size == 3)
    assert dealt(returned, follower, third) == [0, 1, 2, 3]


async def test_of_two_live_processes_with_one_instance_one_is_fenced_and_the_other_goes_on(backend: Backend) -> None:
    topic, group, name = await backend.make_topic(2), backend.name("group"), backend.name("a")
    partition = Partition(topic, 0)
    pair = [await join(backend, group, name, topic, session_timeout_s=SESSION_TIMEOUT_S / 2) for _ in range(2)]
    await eventually(lambda: [each for each in pair if each.membership.failure()])
    [fenced] = [each for each in pair if each.membership.failure()]
    [other] = [each for each in pair if each is not fenced]
    assert isinstance(fenced.membership.failure(), MemberFenced)
    with pytest.raises((CommitRefused, MemberFenced)):
        await fenced.membership.commit({partition: Commit(1)})

    async def committed() -> bool:
        try:
            await other.membership.commit({partition: Commit(2)})
        except CommitRefused:
            return False
        return True

    await eventually_async(committed)
    assert await other.log.committed(group, [partition]) == {partition: Commit(2)}
    assert other.membership.failure() is None


async def test_a_newcomer_with_the_id_of_one_that_has_long_been_there_ends_and_the_other_goes_on(
    backend: Backend,
) -> None:
    topic, group, name = await backend.make_topic(2), backend.name("group"), backend.name("a")
    session_s = SESSION_TIMEOUT_S / 2
    first = await join(backend, group, name, topic, session_timeout_s=session_s)
    entered_s = asyncio.get_running_loop().time()
    await eventually(lambda: asyncio.get_running_loop().time() > entered_s + 2 * session_s)
    newcomer = await join(backend, group, name, topic, session_timeout_s=session_s)
    await eventually(lambda: newcomer.membership.failure() is not None)
    assert isinstance(newcomer.membership.failure(), MemberFenced)
    await settled(first)
    assert first.member.tasks == [0, 1]
    assert first.membership.failure() is None
    assert first.member.absences, "the newcomer may have had its tasks"


async def test_a_member_commits_with_metadata(backend: Backend) -> None:
    topic, group = await backend.make_topic(2), backend.name("group")
    partitions = [Partition(topic, 0), Partition(topic, 1)]
    only = await join(backend, group, backend.name("a"), topic)
    assert await only.log.committed(group, partitions) == {}
    await only.membership.commit({partitions[0]: Commit(3, "beyond: 5")})
    await only.membership.commit({partitions[1]: Commit(1)})
    assert await only.log.committed(group, partitions) == {
        partitions[0]: Commit(3, "beyond: 5"),
        partitions[1]: Commit(1),
    }
    with pytest.raises(ValueError, match="4000"):
        await only.membership.commit({partitions[0]: Commit(4, "x" * 4001)})


async def test_a_commit_between_a_round_and_the_share_of_it_is_refused(backend: Backend) -> None:
    topic, group = await backend.make_topic(), backend.name("group")
    partition = Partition(topic, 0)
    leader = await join(backend, group, backend.name("a"), topic)
    await leader.membership.commit({partition: Commit(1)})
    commits: list[asyncio.Future[None]] = []

    def commit_once() -> None:
        if not commits:
            commits.append(asyncio.ensure_future(leader.membership.commit({partition: Commit(0)})))

    leader.member.sharing = commit_once
    shares = len(leader.member.payloads)
    leader.membership.rejoin()
    await eventually(lambda: len(leader.member.payloads) > shares)
    with pytest.raises(CommitRefused):
        await commits[0]
    assert await leader.log.committed(group, [partition]) == {partition: Commit(1)}


async def test_commits_that_are_tried_all_through_a_round_are_taken_after_it(backend: Backend) -> None:
    topic, group = await backend.make_topic(), backend.name("group")
    first, second = [await join(backend, group, backend.name(name), topic) for name in ("a", "b")]
    await settled(first, second)
    shares = len(second.member.payloads)
    second.member.said = b"something new"
    second.membership.rejoin()

    async def taken() -> bool:
        try:
            await second.membership.commit({Partition(topic, 0): Commit(1)})
        except CommitRefused:
            return False
        return len(second.member.payloads) > shares

    await eventually_async(taken)
    assert len(second.member.payloads) == shares + 1


async def test_a_commit_before_the_join_is_refused(backend: Backend) -> None:
    topic, group = await backend.make_topic(), backend.name("group")
    membership = backend.process("p").membership(settings(group, backend.name("a"), topic), RecordingMember())
    with pytest.raises(CommitRefused):
        await membership.commit({Partition(topic, 0): Commit(1)})


async def test_a_join_for_a_topic_that_does_not_exist_is_refused(backend: Backend) -> None:
    log = backend.process("p")
    membership = log.membership(settings(backend.name("group"), backend.name("a"), "no-such-topic"), RecordingMember())
    with pytest.raises(LogRefused):
        await membership.join()


async def test_groups_do_not_disturb_each_other(backend: Backend) -> None:
    topic = await backend.make_topic(2)
    first = await join(backend, backend.name("group"), backend.name("a"), topic)
    second = await join(backend, backend.name("group"), backend.name("b"), topic)
    assert first.member.tasks == second.member.tasks == [0, 1]
    assert (first.member.size, second.member.size) == (1, 1)
