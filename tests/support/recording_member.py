"""A group member that deals tasks out in turn and remembers what it was told."""

import json
from collections.abc import Callable, Mapping

from headchef.runtime.log.port import Share


class RecordingMember:
    """The runtime's side of a membership, for tests of the seam.

    Args:
        said: what it reports at each join.

    Attributes:
        said: what it will report at the next join.
        payloads: what it was given, join by join.
        rounds: the reports that it shared out as the leader, round by round.
        counts: the number of tasks in each of those rounds.
        absences: how often it was told that the group went on without it.
        sharing: called whenever it leads a round, while the tasks are shared out.
    """

    def __init__(self, said: bytes = b"") -> None:
        self.said = said
        self.payloads: list[bytes] = []
        self.rounds: list[list[bytes]] = []
        self.counts: list[int] = []
        self.absences = 0
        self.sharing: Callable[[], object] = lambda: None

    @property
    def tasks(self) -> list[int] | None:
        """Give the tasks of the newest share, None before the first."""
        if not self.payloads:
            return None
        tasks: list[int] = json.loads(self.payloads[-1])["tasks"]
        return tasks

    @property
    def size(self) -> int:
        """Give the number of members that the newest share was dealt among."""
        number: int = json.loads(self.payloads[-1])["of"]
        return number

    @property
    def round(self) -> int:
        """Give the number that the leader gave to the newest share."""
        number: int = json.loads(self.payloads[-1])["round"]
        return number

    def was_absent(self) -> None:
        """Count one more."""
        self.absences += 1

    def report(self) -> bytes:
        """Say what the test put into `said`."""
        return self.said

    def share_out(self, reports: Mapping[str, bytes], partitions: int) -> Mapping[str, Share]:
        """Deal the tasks out in turn, in order of the reports."""
        self.rounds.append(sorted(reports.values()))
        self.counts.append(partitions)
        self.sharing()
        members = sorted(reports, key=lambda member: (reports[member], member))
        shares: dict[str, Share] = {}
        for place, member in enumerate(members):
            tasks = tuple(range(place, partitions, len(members)))
            payload = json.dumps({"tasks": tasks, "round": len(self.rounds), "of": len(members)}).encode()
            shares[member] = Share(tasks, payload)
        return shares

    def assigned(self, payload: bytes) -> None:
        """Remember the payload."""
        self.payloads.append(payload)
