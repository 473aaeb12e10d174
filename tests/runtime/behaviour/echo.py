"""The handler of most tests: it emits one event a record, and counts its calls or notes their order."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.processor import Delivery, Emit, Outcome, State

SINK = "jobs.submitted"


class Echo:
    """A handler that emits one event a record and counts its calls; a test may make it wait.

    Args:
        gate: awaited in each call, with the record's value.
    """

    def __init__(self, gate: Callable[[str], Awaitable[None]] | None = None) -> None:
        self.calls: Counter[str] = Counter()
        self._gate = gate

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        value = (delivery.record.value or b"").decode()
        self.calls[value] += 1
        if self._gate is not None:
            await self._gate(value)
        return self.outcome(delivery, state, value)

    def outcome(self, delivery: Delivery, state: State, value: str) -> Outcome:
        """Decide what a call leads to."""
        return echoed(delivery, value)


class Noting(Echo):
    """Notes the order of calls. All wait until the gate is open; after so many, the next one waits for ever."""

    def __init__(self, stop_at: int | None = None) -> None:
        super().__init__(self._wait)
        self.gate = asyncio.Event()
        self.order: list[str] = []
        self._stop_at = stop_at

    async def _wait(self, value: str) -> None:
        self.order.append(value)
        if self._stop_at is not None and len(self.order) > self._stop_at:
            await asyncio.Event().wait()
        await self.gate.wait()


def named(name: str, count: int) -> list[str]:
    """Give so many values of one beginning."""
    return [f"{name}-{number}" for number in range(count)]


def echoed(delivery: Delivery, value: str) -> Outcome:
    """Emit an event that names the record's value, into the partition that it came from."""
    key = (delivery.record.key or b"").decode() or None
    event = JobSubmitted(job_id=value, prompt=Inline(inline="echo"), subject=key)
    return Outcome((Emit(SINK, event, partition=delivery.record.partition),))
