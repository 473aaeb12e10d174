"""A member's side of the hand-over: takes granted tasks at once, gives others back only when they are drained.

Synchronous and without I/O: the membership calls it during joins, in which nothing may wait.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from headchef.runtime.assignment import Grant, Report, shares
from headchef.runtime.log.port import Share


class TaskOwner(Protocol):
    """Who runs the tasks of this process."""

    def owned(self) -> Collection[int]:
        """Give the tasks that have started and not ended, drained ones excluded."""
        ...

    def start(self, task: int) -> None:
        """Begin to recover and run a task."""
        ...

    def drain(self, task: int) -> None:
        """Let a task finish what it has begun, commit, and end; then call `HandOver.ended`."""
        ...

    def lose(self, task: int) -> None:
        """End a task that another member owns by now, without a further commit; then call `HandOver.ended`."""
        ...

    def was_absent(self) -> None:
        """End the tasks that another member may have had, and ended, unseen, unless the log fences them if so."""
        ...

    def settled(self) -> None:
        """Note that a join has ended: all tasks that are owned are confirmed, or being drained."""
        ...

    def released(self) -> None:
        """Note that nothing keeps this process in the group any more."""
        ...


class Attendance(Protocol):
    """Who wants to know whether this process is in its group."""

    def joining(self) -> None:
        """Note that a share is asked for."""
        ...

    def assigned(self) -> None:
        """Note that a share was given."""
        ...


class HandOver:
    """Implements `GroupMember` for one process and processor.

    Args:
        owner: who runs the tasks.
        rejoin: asks the membership for another round.
        attendance: is told when a round begins and ends for this member.
    """

    def __init__(self, owner: TaskOwner, rejoin: Callable[[], None], attendance: Attendance) -> None:
        self._owner = owner
        self._rejoin = rejoin
        self._attendance = attendance
        self._generation = 0
        self._nonce = 0
        self._leaving = False
        self._released = False
        self._shared = 0
        self._alone = False

    @property
    def shared(self) -> int:
        """How many tasks the group had when they were shared out; 0 before that."""
        return self._shared

    @property
    def leaving(self) -> bool:
        """Whether this member has asked to be given nothing more."""
        return self._leaving

    @property
    def released(self) -> bool:
        """Whether this member has nothing, and the group knows or has nobody else: others may have its tasks now."""
        return self._released

    def was_absent(self) -> None:
        """Note that the group went on without this member."""
        self._owner.was_absent()

    def report(self) -> bytes:
        """Say what this member has, for the leader."""
        self._attendance.joining()
        self._alone = False
        self._nonce += 1
        return Report(tuple(sorted(self._owner.owned())), self._generation, self._leaving, self._nonce).encode()

    def share_out(self, reports: Mapping[str, bytes], partitions: int) -> Mapping[str, Share]:
        """Divide the tasks, if this member leads."""
        self._alone = len(reports) == 1
        return shares(reports, partitions)

    def assigned(self, payload: bytes) -> None:
        """Start what is new, drain what is gone, and ask again if the leader decided on what is no longer so.

        The last covers a task that ended during the join, a request for a rejoin that the client lost, and a static
        member that came back and was given the share of its former self without a round.
        """
        grant = Grant.decode(payload)
        self._generation, self._shared = grant.generation, grant.partitions
        self._released = grant.leaving and self._leaving and not grant.claimed
        granted = set() if self._leaving else set(grant.tasks)
        before = set(self._owner.owned())
        for task in sorted(granted - before):
            self._owner.start(task)
        for task in sorted(before - granted):
            (self._owner.lose if task in grant.taken else self._owner.drain)(task)
        if grant.leaving != self._leaving or not set(grant.claimed) <= set(self._owner.owned()):
            self._rejoin()
        self._attendance.assigned()
        self._owner.settled()

    def ended(self) -> None:
        """Tell the group that a task is no longer here, so that it can be given to somebody."""
        if not self._goes_unasked():
            self._rejoin()

    def leave(self) -> None:
        """Ask to be given nothing, and drain all."""
        self._leaving = True
        for task in sorted(self._owner.owned()):
            self._owner.drain(task)
        if not self._goes_unasked():
            self._rejoin()

    def _goes_unasked(self) -> bool:
        """Say whether this member leaves without another round, and do so when it has nothing any more.

        There is nobody whom a round could tell anything, and a broker may take five seconds for it. Whoever comes
        meanwhile begins one, which this member then takes part in.
        """
        if not (self._leaving and self._alone):
            return False
        if not self._owner.owned():
            self._released = True
            self._owner.released()
        return True
