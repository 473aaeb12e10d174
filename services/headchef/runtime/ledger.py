"""A task's own partition of the `tasks` changelog: which inputs it has ever begun, and where its last batch left it.

A group's coordinator is not asked alone. That of Kafka 4 may answer while it is still reading its log after a restart,
with places that are old or missing (`infra/decisions/0022`), and it forgets those of a group that nobody uses. What
stands here was written in the same transaction as the outputs, and is read to its end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from headchef.runtime.catching_up import read_to
from headchef.runtime.errors import UnknownVersion
from headchef.runtime.log.port import Commit, Log, NewRecord, Partition, Record

_PLACES = b"#places"
"""Key of the places: no topic has such a name, and births have the names of topics."""

_VERSION = 1
_TAIL = 64
"""Entries read from the end at first; a batch has its places and a marker there, an aborted one too."""

_FURTHER = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a batch left its task.

    Attributes:
        signature: the number of the batch in the task's life, and which producer wrote it.
        places: of all inputs, and of the timers.
    """

    signature: Commit
    places: Mapping[Partition, Commit]


@dataclass(frozen=True, slots=True)
class Told:
    """What the partition tells.

    Attributes:
        entry: of the last batch; None before the first one, and at least once.
        begun: full names of the inputs that the task has ever begun to read: a birth is never forgotten.
    """

    entry: Entry | None
    begun: frozenset[str]


class Ledger:
    """Reads and words the records of one task.

    Args:
        log: the log.
        name: client id for reading.
        partition: the task's.
    """

    def __init__(self, log: Log, name: str, partition: Partition) -> None:
        self.partition = partition
        self._log = log
        self._name = name

    def birth(self, topic: str, at: str) -> NewRecord:
        """Word that an input is begun.

        Args:
            topic: full name of the input.
            at: when, in ISO 8601.
        """
        return self._record(topic.encode(), {"born_at": at})

    def entry(self, entry: Entry) -> NewRecord:
        """Word where a batch leaves the task."""
        number, producer = entry.signature
        places = [[*partition, *place] for partition, place in entry.places.items()]
        return self._record(_PLACES, {"v": _VERSION, "batch": number, "producer": producer, "places": places})

    async def read(self) -> Told:
        """Read from the end, no further back than need be.

        Raises:
            UnknownVersion: a newer program wrote the places.
            LogUnavailable: the log does not answer.
        """
        reader = await self._log.reader(self._name)
        try:
            first, end = (await reader.bounds([self.partition]))[self.partition]
            length = _TAIL
            while True:
                start = max(first, end - length)
                await reader.assign({self.partition: start})
                records = (await read_to(reader, {self.partition: end}))[self.partition]
                entry = _newest(records)
                if entry is not None:
                    return Told(entry, frozenset(partition.topic for partition in entry.places))
                if start == first:
                    return Told(None, frozenset(record.key.decode() for record in records if record.key is not None))
                length *= _FURTHER
        finally:
            await reader.close()

    def _record(self, key: bytes, value: Mapping[str, object]) -> NewRecord:
        return NewRecord(self.partition.topic, orjson.dumps(value), key, self.partition.number)


def _newest(records: Sequence[Record]) -> Entry | None:
    for record in reversed(records):
        if record.key == _PLACES and record.value is not None:
            said = orjson.loads(record.value)
            if said["v"] != _VERSION:
                raise UnknownVersion(f"places of version {said['v']} in {record.topic}; upgrade this processor first")
            places = {
                Partition(topic, number): Commit(offset, metadata) for topic, number, offset, metadata in said["places"]
            }
            return Entry(Commit(said["batch"], said["producer"]), places)
    return None
