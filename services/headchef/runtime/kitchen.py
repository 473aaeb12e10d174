"""What all tasks of a processor in one process share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from headchef.runtime.admission import Admission
from headchef.runtime.clock import Clock
from headchef.runtime.counts import Counts
from headchef.runtime.envelope import Envelope
from headchef.runtime.log.port import Log
from headchef.runtime.names import Names
from headchef.runtime.processor import Processor
from headchef.runtime.settings import RuntimeSettings
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.tracing import Tracer
from headchef.runtime.writers import Places


@dataclass(frozen=True, slots=True)
class Kitchen:
    """The parts, the settings, and two ways to the group and to the readers."""

    processor: Processor
    log: Log
    names: Names
    settings: RuntimeSettings
    clock: Clock
    metrics: Metrics
    tracer: Tracer
    envelope: Envelope
    admission: Admission
    counts: Counts
    shared: Callable[[], int]
    commit: Callable[[Places], Awaitable[None]]
    changed: Callable[[], None]
