"""A member of a group as the group keeps it, and the answers that a member can get."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from headchef.runtime.errors import LogError
from headchef.runtime.log.port import Share

NOTHING = Share((), b"")
"""What a member gets that the leader left out."""


class RoundInProgress(LogError):
    """The group is joining anew; the member must join too."""


class NotAMember(LogError):
    """The member id or the generation is not known; the member must join as a new one."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The answer to a join. Only a leader gets the reports, and must share out."""

    member_id: str
    generation: int
    reports: Mapping[str, bytes] | None


@dataclass(frozen=True, slots=True)
class Applicant:
    """What a member says of itself at a join.

    Attributes:
        instance: its static instance id.
        report: what the leader must know of it.
        session_timeout_s: without a heartbeat for this long it is given up.
        rebalance_timeout_s: a round waits this long for members that do not join.
    """

    instance: str
    report: bytes
    session_timeout_s: float
    rebalance_timeout_s: float


@dataclass(slots=True, eq=False)
class Member:
    """One place in the group.

    Attributes:
        id: made by the group at each arrival.
        applicant: what it said at its last join.
        heard_s: when its session was renewed, on the monotonic clock.
        share: its share of the last round that ended.
        synced: whether it has asked for that share.
        joining: its join that waits for the others.
        syncing: its request for a share that waits for the leader.
    """

    id: str
    applicant: Applicant
    heard_s: float
    share: Share = NOTHING
    synced: bool = False
    joining: asyncio.Future[Joined] | None = None
    syncing: asyncio.Future[Share] | None = None

    def refuse(self, error: LogError) -> None:
        """Answer whatever waits with an error."""
        waiting, self.joining = self.joining, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
        self.refuse_share(error)

    def refuse_share(self, error: LogError) -> None:
        """Answer a request that waits for the leader with an error."""
        waiting, self.syncing = self.syncing, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)


@dataclass(slots=True)
class Roll:
    """Who is in the group.

    Attributes:
        members: by id, in order of arrival.
        instances: member ids by static instance id.
        leader: the id of the member that shares out.
    """

    members: dict[str, Member] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
    leader: str | None = None
