"""Finished work on its way into a transaction: the records of one outcome and the offset that it consumes."""

from dataclasses import dataclass, field

from headchef.runtime.log.port import NewRecord, Partition, Record
from headchef.runtime.telemetry.tracing import Hop


@dataclass(slots=True)
class Finished:
    """One delivery that is handled and not yet written.

    Attributes:
        source: the consumed record, or the timer that has gone off, which has no place to commit.
        records: outputs and changelog records, in the order in which they are written.
        hop: its trace, which ends when the records are written.
        stateful: it changed a store; what came after it may have seen that.
        refusals: how often the log has refused one of its records.
        dead_reason: why the record itself could not be taken, if that is what became of it.
    """

    source: Record
    records: list[NewRecord]
    hop: Hop | None = None
    stateful: bool = False
    refusals: int = 0
    dead_reason: str | None = None
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        """Weigh the records."""
        self.size_bytes = sum(len(record.value or b"") + 300 for record in self.records)

    @property
    def partition(self) -> Partition:
        """Where the consumed record came from."""
        return Partition(self.source.topic, self.source.partition)
