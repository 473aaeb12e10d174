"""Shows operators what a processor is doing: lag, work in flight, watermark span, tasks, state."""

from collections.abc import Iterable, Mapping

from headchef.runtime.backlog import Oldest
from headchef.runtime.clock import Clock
from headchef.runtime.engine import Engine
from headchef.runtime.telemetry.metrics import Metrics

Values = Iterable[tuple[float, Mapping[str, str]]]


class Gauges:
    """Reads one processor's engine whenever metrics are exported.

    Args:
        engine: what to look at.
        clock: for the ages of records.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._processor = engine.processor.name

    def register(self, metrics: Metrics) -> None:
        """Have all gauges read."""
        metrics.gauge("headchef.lag", self._lag)
        metrics.gauge("headchef.unfinished.oldest_age", self._oldest_age)
        metrics.gauge("headchef.unfinished.retention_used", self._retention_used)
        metrics.gauge("headchef.in_flight", self._in_flight)
        metrics.gauge("headchef.queue.depth", self._queued)
        metrics.gauge("headchef.held", self._held)
        metrics.gauge("headchef.watermark.span", self._span)
        metrics.gauge("headchef.tasks.owned", self._owned)
        metrics.gauge("headchef.store.entries", self._entries)
        metrics.gauge("headchef.paused", self._paused)

    def _lag(self) -> Values:
        for intake in self._engine.intakes:
            for partition, behind in intake.lags.items():
                yield behind, {"topic": partition.topic, "partition": str(partition.number)}

    def _oldest_age(self) -> Values:
        now_s = self._clock.now().timestamp()
        return [(each.age_s(now_s), _place(each)) for each in self._engine.processor.backlog.oldest]

    def _retention_used(self) -> Values:
        now_s = self._clock.now().timestamp()
        return [(each.used(now_s), _place(each)) for each in self._engine.processor.backlog.oldest]

    def _in_flight(self) -> Values:
        for number, task in self._engine.tasks.items():
            yield task.in_flight, {"processor": self._processor, "partition": str(number)}

    def _queued(self) -> Values:
        for number, task in self._engine.tasks.items():
            yield task.queued, {"queue": f"{self._processor}.{number}"}

    def _held(self) -> Values:
        for number, task in self._engine.tasks.items():
            yield task.held, {"processor": self._processor, "partition": str(number)}

    def _span(self) -> Values:
        for task in self._engine.tasks.values():
            for partition, watermark in task.watermarks.items():
                yield watermark.span, {"topic": partition.topic, "partition": str(partition.number)}

    def _owned(self) -> Values:
        phases = [task.phase.value for task in self._engine.tasks.values()]
        for phase in sorted(set(phases)):
            yield phases.count(phase), {"processor": self._processor, "state": phase}

    def _entries(self) -> Values:
        for number, task in self._engine.tasks.items():
            for store, count in task.entries.items():
                yield count, {"processor": self._processor, "store": store, "partition": str(number)}

    def _paused(self) -> Values:
        for number, task in self._engine.tasks.items():
            for job_class in sorted({source.job_class for source in self._engine.processor.inputs}):
                full = task.feed is not None and task.feed.is_full(job_class)
                yield float(full), {"processor": self._processor, "partition": str(number), "class": job_class}


def _place(each: Oldest) -> Mapping[str, str]:
    return {"processor": each.processor, "topic": each.topic, "partition": str(each.partition)}
