"""What writes a task's batches, and what may come of a batch.

There are two ways: records, state and offsets in one transaction (`exactly_once`), or one after the other
(`at_least_once`). Both take the same outputs again after a failure, as long as nobody else has moved the task on in
between: outcomes are kept in memory and no call is paid twice for a log's hiccup.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from headchef.runtime.errors import LogUnavailable, ProducerBroken, ProducerFenced, SendFailed
from headchef.runtime.log.port import Commit, NewRecord, Partition

Places = Mapping[Partition, Commit]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How a task was found by its new owner.

    Attributes:
        places: committed so far.
        begun: full names of the inputs that the task has ever begun to read; each has had a place since.
    """

    places: Places
    begun: frozenset[str]


class RecordsRefused(Exception):
    """The log would not take some records of a batch; nothing of the batch is visible, or may be sent again.

    Args:
        reasons: what the log said, by index of the record in the batch.
    """

    def __init__(self, reasons: Mapping[int, SendFailed]) -> None:
        super().__init__(f"{len(reasons)} records refused")
        self.reasons = reasons


class Writer(Protocol):
    """Writes batches of one task."""

    async def start(self) -> TakenOver:
        """Become the task's only writer, and say how it stands. May be called again."""
        ...

    async def write(self, records: Sequence[NewRecord], places: Places) -> None:
        """Write a batch.

        Raises:
            RecordsRefused: the batch may be written again without, or with, those records.
            LogUnavailable: the same batch may be written again later.
            ProducerFenced: the task has another owner.
            ProducerBroken: what is committed must be read anew.
        """
        ...

    def abandon(self) -> None:
        """Drop all without waiting."""
        ...

    async def close(self) -> None:
        """Disconnect after the last batch."""
        ...


async def delivered(acknowledgements: Mapping[int, Awaitable[object]]) -> None:
    """Await every record, by index in its batch, also after one has failed: none may be left behind unseen."""
    refused: dict[int, SendFailed] = {}
    other: Exception | None = None
    for index, acknowledgement in acknowledgements.items():
        try:
            await acknowledgement
        except SendFailed as error:
            refused[index] = error
        except (LogUnavailable, ProducerFenced, ProducerBroken) as error:
            if other is None or isinstance(error, ProducerFenced):
                other = error
    if isinstance(other, ProducerFenced):
        raise other
    if refused:
        raise RecordsRefused(refused)
    if other is not None:
        raise other
