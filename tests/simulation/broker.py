"""The way between a simulated process and the log: requests that are slow or lost, answers that are, and outages."""

import asyncio
from collections.abc import Collection
from random import Random

from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.memory import Operation
from headchef.runtime.log.memory.process import Hindrance
from headchef.runtime.log.port import NewRecord
from tests.simulation.cluster import Gap
from tests.simulation.faults import NONE, Faults

TRANSACTION_TIMEOUT_S = 2.0
REQUEST_TIMEOUT_S = 2.5

COORDINATORS: tuple[frozenset[Operation], ...] = (
    frozenset({"join", "sync", "heartbeat", "leave", "commit_offsets", "committed"}),
    frozenset({"init_producer", "send_offsets", "commit", "abort"}),
    frozenset({"produce", "fetch", "bounds", "metadata"}),
)
"""What fails together: the group's coordinator, the transactions', or the leader of the partitions."""

_SLOW_S = 0.3
_REFUSED_S = 0.2

_TAKEN = 4
"""A coordinator that is still reading its log has taken fewer commits than this from those who ask it."""


class Network:
    """What lies between all processes and the log. It implements the log's `Faults` for each of them.

    Args:
        faults: how often.
        chance: when.

    Attributes:
        joined_s: when each process was last answered in a round of its group, on the loop's clock.
    """

    def __init__(self, faults: Faults, chance: Random) -> None:
        self._faults = faults
        self._chance = chance
        self._away: Collection[Operation] = ()
        self._refused: set[str] = set()
        self.joined_s: dict[str, float] = {}

    def heal(self) -> None:
        """Let everything pass from now on."""
        self._faults, self._away = NONE, ()

    def cut(self, operations: Collection[Operation]) -> None:
        """Let these operations fail until the next cut."""
        self._away = operations

    def before(self, operation: Operation, client: str) -> Hindrance | None:
        """Say what happens to a request on its way."""
        if operation in self._away:
            return self._lose(operation)
        faults, draw = self._faults, self._chance.random()
        if draw < faults.lost_requests:
            return self._lose(operation)
        draw -= faults.lost_requests
        if draw < faults.slow_requests:
            return self._wait(_SLOW_S * self._chance.random())
        draw -= faults.slow_requests
        if operation == "commit" and draw < faults.overdue_commits:
            return self._wait(TRANSACTION_TIMEOUT_S * (1 + self._chance.random()))
        return None

    def after(self, operation: Operation, client: str) -> Hindrance | None:
        """Say what happens to an answer on its way."""
        if operation == "sync":
            self.joined_s[client] = asyncio.get_running_loop().time()
        if operation in self._away or self._chance.random() < self._faults.lost_answers:
            return self._lose(operation)
        return None

    def behind(self) -> Gap | None:
        """Say what a group's coordinator does not know yet, when it is asked for places."""
        if self._chance.random() >= self._faults.old_places:
            return None
        return Gap(self._chance.random(), self._chance.randrange(_TAKEN))

    def refusal(self, record: NewRecord, client: str) -> str | None:
        """Refuse one record in each life of a process: an outcome that is refused twice would be a dead letter."""
        if client in self._refused or self._chance.random() >= self._faults.refused_records:
            return None
        self._refused.add(client)
        return "refused by chance"

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _lose(self, operation: Operation) -> None:
        await asyncio.sleep(_REFUSED_S * self._chance.random())
        raise LogUnavailable(f"{operation}: lost on the way")
