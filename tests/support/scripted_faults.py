"""Faults of the in-memory log that a test writes down beforehand."""

from collections.abc import Awaitable, Callable
from typing import Literal

from headchef.runtime.log.memory import Operation
from headchef.runtime.log.port import NewRecord

Moment = Literal["before", "after"]


class ScriptedFaults:
    """Does what a test has set for an operation, each time or once.

    Attributes:
        seen: every operation that set out, in order.
    """

    def __init__(self) -> None:
        self.seen: list[Operation] = []
        self._refused: dict[bytes | None, str] = {}
        self._acts: dict[tuple[Moment, Operation], tuple[Callable[[], Awaitable[None]], bool]] = {}

    def once(self, moment: Moment, operation: Operation, act: Callable[[], Awaitable[None]]) -> None:
        """Do this the next time."""
        self._acts[moment, operation] = (act, True)

    def always(self, moment: Moment, operation: Operation, act: Callable[[], Awaitable[None]]) -> None:
        """Do this every time."""
        self._acts[moment, operation] = (act, False)

    def refuse(self, value: bytes, reason: str) -> None:
        """Have the log not take the next record of this value."""
        self._refused[value] = reason

    def stop(self) -> None:
        """Let everything pass."""
        self._acts.clear()

    async def before(self, operation: Operation, client: str) -> None:
        """Act on the way to the log."""
        self.seen.append(operation)
        await self._act("before", operation)

    async def after(self, operation: Operation, client: str) -> None:
        """Act on the way back."""
        await self._act("after", operation)

    def refusal(self, record: NewRecord, client: str) -> str | None:
        """Refuse what was set with `refuse`, once."""
        return self._refused.pop(record.value, None)

    async def _act(self, moment: Moment, operation: Operation) -> None:
        act, passing = self._acts.get((moment, operation), (None, False))
        if passing:
            del self._acts[moment, operation]
        if act is not None:
            await act()
