"""A consumer group of static members, as Kafka's coordinator keeps it: rounds of joining, sessions, fencing.

The rules are those of Kafka's classic protocol at the versions that aiokafka speaks (JoinGroup 5, SyncGroup 3,
Heartbeat 1, OffsetCommit 3).
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

from headchef.runtime.clock import Clock
from headchef.runtime.errors import CommitRefused, MemberFenced
from headchef.runtime.log.memory.member import NOTHING, Applicant, Joined, Member, NotAMember, Roll, RoundInProgress
from headchef.runtime.log.memory.offsets import GroupOffsets
from headchef.runtime.log.memory.timers import Timers
from headchef.runtime.log.port import Commit, Partition, Share


class Group:
    """One consumer group.

    Args:
        clock: what sessions are measured with.
        timers: ends sessions and rounds.
        offsets_retention_s: how long committed offsets outlive the last member.
        keeps_metadata: whether the text beside a committed offset is kept.

    Attributes:
        offsets: the group's committed places.
        generation: how many rounds have ended.
        phase: where the group stands between two rounds.
    """

    def __init__(self, clock: Clock, timers: Timers, offsets_retention_s: float, keeps_metadata: bool) -> None:
        self.generation = 0
        self.phase: Literal["empty", "joining", "syncing", "stable"] = "empty"
        self._clock = clock
        self._timers = timers
        self._roll = Roll()
        self._arrivals = 0
        self._cancel_deadline: Callable[[], object] | None = None
        self._emptied_s: float | None = clock.monotonic()
        self.offsets = GroupOffsets(clock, offsets_retention_s, keeps_metadata, lambda: self._emptied_s)

    def shares(self) -> dict[str, tuple[int, ...]]:
        """Give the tasks of each instance, as the last leader shared them out."""
        return {each.applicant.instance: each.share.tasks for each in self._roll.members.values()}

    def join(self, member_id: str | None, applicant: Applicant) -> asyncio.Future[Joined]:
        """Enter the group or its next round.

        Args:
            member_id: as the last join gave it, None for a new member.
            applicant: what the member says of itself.

        Raises:
            NotAMember: the member id has been given up.
            MemberFenced: the instance belongs to another member by now.
        """
        if member_id is not None:
            return self._join_again(self._member(member_id, applicant.instance), applicant)
        former = self._roll.instances.get(applicant.instance)
        member = self._add(applicant) if former is None else self._replace(former, applicant)
        answer = self._await_join(member, applicant)
        if former is not None and self.phase == "stable":
            # Kafka 2.4 to JoinGroup 8 answers with the former's id as leader, so a returning leader only follows.
            self._answer_join(member, reports=None)
        else:
            self._start_round()
        return answer

    def sync(
        self, member_id: str, instance: str, generation: int, shares: Mapping[str, Share] | None
    ) -> asyncio.Future[Share]:
        """Get one's share; the leader hands over all shares.

        Raises:
            NotAMember, MemberFenced: as `join`.
            RoundInProgress: another round has begun.
        """
        member = self._member(member_id, instance, generation)
        if self.phase == "joining":
            raise RoundInProgress("the group joins anew")
        member.syncing = asyncio.get_running_loop().create_future()
        member.synced = True
        answer = member.syncing
        if self.phase == "syncing" and shares is not None:
            self._share_out(shares)
        elif self.phase == "stable":
            self._answer_sync(member)
        return answer

    def heartbeat(self, member_id: str, generation: int) -> None:
        """Keep the session. Raises NotAMember or RoundInProgress; the session is kept during a round too."""
        member = self._member(member_id, None, generation)
        member.heard_s = self._clock.monotonic()
        if self.phase == "joining":
            raise RoundInProgress("the group joins anew")

    def commit(self, member_id: str, generation: int, offsets: Mapping[Partition, Commit]) -> None:
        """Set the group's places as one of its members. Raises CommitRefused if the group has moved on."""
        try:
            member = self._member(member_id, None, generation)
        except NotAMember as error:
            raise CommitRefused(str(error)) from error
        if self.phase == "syncing":
            raise CommitRefused("the group is in the middle of a round")
        member.heard_s = self._clock.monotonic()
        self.offsets.place(self.offsets.write(offsets))

    def leave(self, member_id: str) -> None:
        """Give a place up; one that was given up before is no matter."""
        member = self._roll.members.get(member_id)
        if member is not None:
            self._expel(member)

    def _member(self, member_id: str, instance: str | None, generation: int | None = None) -> Member:
        # aiokafka's heartbeats and commits do not name the instance, so that a fenced member is just unknown there.
        if instance is not None and self._roll.instances.get(instance, member_id) != member_id:
            raise MemberFenced(f"another live process is {instance!r}")
        if member_id not in self._roll.members or generation not in (None, self.generation):
            raise NotAMember(f"{member_id} is not a member of generation {self.generation}")
        return self._roll.members[member_id]

    def _add(self, applicant: Applicant) -> Member:
        self._arrivals += 1
        member = Member(f"{applicant.instance}-{self._arrivals}", applicant, self._clock.monotonic())
        self._roll.members[member.id] = member
        self._roll.instances[applicant.instance] = member.id
        self._roll.leader = self._roll.leader or member.id
        self._emptied_s = None
        self._watch_session(member)
        return member

    def _replace(self, former_id: str, applicant: Applicant) -> Member:
        former = self._roll.members.pop(former_id)
        fenced = MemberFenced(f"another live process is {applicant.instance!r}")
        former.refuse(fenced)
        if self._roll.leader == former_id:
            self._roll.leader = None
        member = self._add(applicant)
        member.share, member.synced = former.share, former.synced
        return member

    def _join_again(self, member: Member, applicant: Applicant) -> asyncio.Future[Joined]:
        unchanged = member.applicant.report == applicant.report
        leads = member.id == self._roll.leader
        answer = self._await_join(member, applicant)
        if self.phase == "joining":
            self._complete_if_all_joined()
        elif unchanged and self.phase == "syncing":
            self._answer_join(member, self._reports() if leads else None)
        elif unchanged and not leads:
            self._answer_join(member, reports=None)
        else:
            self._start_round()
        return answer

    def _await_join(self, member: Member, applicant: Applicant) -> asyncio.Future[Joined]:
        member.applicant = applicant
        member.joining = asyncio.get_running_loop().create_future()
        return member.joining

    def _start_round(self) -> None:
        if self.phase != "joining":
            for member in self._roll.members.values():
                member.refuse_share(RoundInProgress("the group joins anew"))
            self.phase = "joining"
            self._set_deadline(self._complete_round)
        self._complete_if_all_joined()

    def _complete_if_all_joined(self) -> None:
        if all(member.joining is not None for member in self._roll.members.values()):
            self._complete_round()

    def _complete_round(self) -> None:
        members = self._roll.members
        joined = [member.id for member in members.values() if member.joining is not None]
        if members and not joined:
            self._set_deadline(self._complete_round)
            return
        self.generation += 1
        if not members:
            self._clear_deadline()
            self.phase = "empty"
            self._emptied_s = self._clock.monotonic()
            return
        if self._roll.leader not in joined:
            self._roll.leader = joined[0]
        self.phase = "syncing"
        reports = self._reports()
        for member in members.values():
            # Kafka renews the session of a static member that did not join in time, too.
            member.heard_s = self._clock.monotonic()
            member.synced = False
            self._answer_join(member, reports if member.id == self._roll.leader else None)
        self._set_deadline(self._expel_unsynced)

    def _share_out(self, shares: Mapping[str, Share]) -> None:
        self.phase = "stable"
        for member in self._roll.members.values():
            member.share = shares.get(member.applicant.instance, NOTHING)
            self._answer_sync(member)

    def _answer_join(self, member: Member, reports: Mapping[str, bytes] | None) -> None:
        waiting, member.joining = member.joining, None
        member.heard_s = self._clock.monotonic()
        if waiting is not None and not waiting.done():
            waiting.set_result(Joined(member.id, self.generation, reports))

    def _answer_sync(self, member: Member) -> None:
        waiting, member.syncing = member.syncing, None
        if waiting is not None:
            member.heard_s = self._clock.monotonic()
            if not waiting.done():
                waiting.set_result(member.share)

    def _reports(self) -> dict[str, bytes]:
        return {each.applicant.instance: each.applicant.report for each in self._roll.members.values()}

    def _expel_unsynced(self) -> None:
        for member in [each for each in self._roll.members.values() if not each.synced]:
            self._expel(member)

    def _watch_session(self, member: Member) -> None:
        due_s = member.heard_s + member.applicant.session_timeout_s
        self._timers.after(due_s - self._clock.monotonic(), lambda: self._check_session(member))

    def _check_session(self, member: Member) -> None:
        if self._roll.members.get(member.id) is not member:
            return
        if member.joining is not None or member.syncing is not None:
            member.heard_s = self._clock.monotonic()
        if self._clock.monotonic() < member.heard_s + member.applicant.session_timeout_s:
            self._watch_session(member)
        else:
            self._expel(member)

    def _expel(self, member: Member) -> None:
        del self._roll.members[member.id]
        del self._roll.instances[member.applicant.instance]
        member.refuse(NotAMember(f"{member.id} was given up"))
        if self._roll.leader == member.id:
            self._roll.leader = next(iter(self._roll.members), None)
        self._start_round()

    def _set_deadline(self, action: Callable[[], None]) -> None:
        self._clear_deadline()
        longest_s = max((each.applicant.rebalance_timeout_s for each in self._roll.members.values()), default=0.0)
        self._cancel_deadline = self._timers.after(longest_s, action)

    def _clear_deadline(self) -> None:
        if self._cancel_deadline is not None:
            self._cancel_deadline()
            self._cancel_deadline = None
