"""Bodies over a store in memory, with a small limit, for tests to look at."""

from typing import Any

from headchef_contracts.events.common import Ref, Reference

from headchef.bodies import Bodies
from headchef.bodies.form import written
from tests.support.manual_clock import ManualClock
from tests.support.memory_bodies import MemoryBodyStore
from tests.support.recorded_metrics import RecordedMetrics

INLINE_BYTES = 100
LARGE = "Large. " * 30


class Pantry:
    """Bodies of one process, and all that they stand on."""

    def __init__(
        self, inline_bytes: int = INLINE_BYTES, kept_bytes: int = 10_000, store: MemoryBodyStore | None = None
    ) -> None:
        self.store = store or MemoryBodyStore()
        self.clock = ManualClock()
        self.metrics = RecordedMetrics()
        self.bodies = Bodies(
            self.store, inline_bytes=inline_bytes, kept_bytes=kept_bytes, clock=self.clock, metrics=self.metrics
        )

    def lay(self, value: Any, tenant: str = "default") -> Ref:
        """Lay a value down as somebody else would, and give the body that refers to it."""
        reference, data = written(value)
        self.store.objects[tenant, reference.sha256] = data
        return Ref(ref=reference)

    def forget(self) -> "Pantry":
        """Give another process over the same store."""
        return Pantry(store=self.store)


def reference_to(value: Any) -> Reference:
    """Say what a value is called."""
    return written(value)[0]
