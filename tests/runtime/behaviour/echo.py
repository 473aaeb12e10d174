"""The handler of most tests: it emits one event a record, and counts its calls."""

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


def echoed(delivery: Delivery, value: str) -> Outcome:
    """Emit an event that names the record's value, into the partition that it came from."""
    key = (delivery.record.key or b"").decode() or None
    event = JobSubmitted(job_id=value, prompt=Inline(inline="echo"), subject=key)
    return Outcome((Emit(SINK, event, partition=delivery.record.partition),))
