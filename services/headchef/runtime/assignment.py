"""Who gets which task: whole tasks, evenly, and never a task that its owner has not given back.

The leader of a group runs `share_out` on what the members report. A task that is to move is given to nobody until its
owner has drained it and reported without it; that keeps every call from being paid twice when a group grows or shrinks.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from headchef.runtime.log.port import Share


@dataclass(frozen=True, slots=True)
class Report:
    """What a member tells the leader at a join.

    Attributes:
        tasks: the tasks that it has and has not drained.
        generation: of the last share that it took; a claim of a higher one wins.
        leaving: it wants no tasks, and ends when it has none.
        nonce: differs at each join: a static member that reports the same again starts no round.
    """

    tasks: tuple[int, ...]
    generation: int
    leaving: bool
    nonce: int

    def encode(self) -> bytes:
        """Write the report as user data of the join."""
        return json.dumps([1, list(self.tasks), self.generation, self.leaving, self.nonce]).encode()

    @staticmethod
    def decode(data: bytes) -> "Report":
        """Read a report. A member that tells nothing readable, such as a foreign one, claims nothing."""
        try:
            version, tasks, generation, leaving, nonce = json.loads(data)
            if version == 1:
                return Report(tuple(int(task) for task in tasks), int(generation), bool(leaving), int(nonce))
        except (ValueError, TypeError):
            pass
        return Report((), 0, True, 0)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a member is told after a join.

    Attributes:
        tasks: what it shall have.
        generation: rises with each round.
        claimed: the tasks that it had reported when the leader decided.
        leaving: what it had reported.
        partitions: how many tasks the leader shared out in all.
        taken: of the claimed tasks, those that another member owns by now.
    """

    tasks: tuple[int, ...]
    generation: int
    claimed: tuple[int, ...]
    leaving: bool
    partitions: int
    taken: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """Write the grant as user data of the assignment."""
        tasks, claimed, taken = list(self.tasks), list(self.claimed), list(self.taken)
        return json.dumps([1, tasks, self.generation, claimed, self.leaving, self.partitions, taken]).encode()

    @staticmethod
    def decode(data: bytes) -> "Grant":
        """Read a grant, also one to which a later release has added something."""
        _, tasks, generation, claimed, leaving, partitions, taken, *_ = json.loads(data)
        return Grant(tuple(tasks), generation, tuple(claimed), leaving, partitions, tuple(taken))


def share_out(reports: Mapping[str, Report], partitions: int) -> dict[str, Grant]:
    """Divide the tasks 0 to partitions - 1 among the members.

    Owners keep what they have up to an even share; those with more tasks keep the odd one. What is over that, and all
    that a leaving member has, is withheld in this round. Tasks that nobody claims go to members with room.

    Args:
        reports: by member; the order of members decides nothing but ties.
        partitions: how many tasks there are.

    Returns:
        A grant for every member.
    """
    owners = _owners(reports, partitions)
    kept: dict[str, list[int]] = {member: [] for member in sorted(reports)}
    for task in sorted(owners):
        kept[owners[task]].append(task)
    room = _capacities({member: len(kept[member]) for member in kept if not reports[member].leaving}, partitions)
    granted = {member: tasks[: room.get(member, 0)] for member, tasks in kept.items()}
    free = [task for task in range(partitions) if task not in owners]
    for task in free:
        takers = [member for member in room if len(granted[member]) < room[member]]
        if takers:
            granted[min(takers, key=lambda member: (len(granted[member]), member))].append(task)
    generation = 1 + max((report.generation for report in reports.values()), default=0)
    return {
        member: Grant(
            tuple(sorted(tasks)),
            generation,
            reports[member].tasks,
            reports[member].leaving,
            partitions,
            tuple(task for task in reports[member].tasks if owners.get(task, member) != member),
        )
        for member, tasks in granted.items()
    }


def shares(reports: Mapping[str, bytes], partitions: int) -> dict[str, Share]:
    """Do `share_out` on what came over the wire."""
    grants = share_out({member: Report.decode(data) for member, data in reports.items()}, partitions)
    return {member: Share(grant.tasks, grant.encode()) for member, grant in grants.items()}


def _owners(reports: Mapping[str, Report], partitions: int) -> dict[int, str]:
    """Settle who owns each claimed task: the highest generation, since an older claim is from before a freeze."""
    owners: dict[int, str] = {}
    for member in sorted(reports):
        for task in reports[member].tasks:
            rival = owners.get(task)
            if task < partitions and (rival is None or reports[member].generation > reports[rival].generation):
                owners[task] = member
    return owners


def _capacities(held: Mapping[str, int], partitions: int) -> dict[str, int]:
    """Give each staying member an even share; the odd ones go to those that hold most already."""
    if not held:
        return {}
    even, odd = divmod(partitions, len(held))
    by_holding = sorted(held, key=lambda member: (-held[member], member))
    return {member: even + (1 if rank < odd else 0) for rank, member in enumerate(by_holding)}
