"""Short ways to put members into a group under test."""

from dataclasses import dataclass

from headchef.runtime.log.port import Log, MemberSettings, Membership
from tests.support.backends import Backend
from tests.support.eventually import PATIENCE_S, eventually
from tests.support.recording_member import RecordingMember

SESSION_TIMEOUT_S = 6.0
"""For tests that wait it out. It begins with the last heartbeat, which on a busy machine may be three seconds old."""

LASTING_S = PATIENCE_S / 2
"""A session that no machine sleeps through: a place is kept until its process gives it up or comes back."""

HEARTBEAT_S = 0.2


@dataclass(frozen=True, slots=True)
class Joined:
    """One process in a group, and all that a test looks at."""

    log: Log
    membership: Membership
    member: RecordingMember


def settings(group: str, instance: str, *topics: str, session_timeout_s: float = LASTING_S) -> MemberSettings:
    """Make the settings of a member, whose session lasts unless told otherwise."""
    return MemberSettings(group, instance, topics, session_timeout_s, HEARTBEAT_S)


async def join(
    backend: Backend,
    group: str,
    instance: str,
    *topics: str,
    said: bytes | None = None,
    session_timeout_s: float = LASTING_S,
) -> Joined:
    """Start a process and let it enter a group; it reports its instance unless told otherwise."""
    log = backend.process(instance)
    member = RecordingMember(instance.encode() if said is None else said)
    membership = log.membership(settings(group, instance, *topics, session_timeout_s=session_timeout_s), member)
    await membership.join()
    return Joined(log, membership, member)


async def settled(*members: Joined, of: int | None = None) -> None:
    """Wait until these members are in one round of so many members, all by default."""
    size = len(members) if of is None else of

    def in_one_round() -> bool:
        shares = [each.member.payloads[-1] for each in members]
        sizes = {each.member.size for each in members}
        return sizes == {size} and len({each.member.round for each in members}) == 1 and len(set(shares)) == len(shares)

    await eventually(in_one_round)


def dealt(*members: Joined) -> list[int]:
    """Give all tasks of these members, in order."""
    return sorted(task for each in members for task in each.member.tasks or [])
