"""Reads what is known of one batch: what its account says, the event that it has finished, and what pauses it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from headchef_contracts import topics
from headchef_contracts.events.batches import BatchFinished
from headchef_contracts.events.brakes import BrakeScope, BrakeSet

from headchef.batches.account import ACCOUNTS, Account, account_key, read_account
from headchef.brakes import TOPIC, Brakes
from headchef.cli.faults import WorkFailed
from headchef.cli.history.reading import open_record
from headchef.cli.history.scan import partitions_of
from headchef.runtime.log.port import Log, Partition, Reader, Record

FINISHED = "batches.finished"
CHANGELOG = f"batches.{ACCOUNTS}.changelog"

_POLL_RECORDS = 2_000


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a batch.

    Attributes:
        account: as it was written last; None where there is none, or none any more.
        event: that it has finished, the newest one.
        pause: that was set for all of its jobs, and not lifted; None for none.
    """

    account: Account | None = None
    event: BatchFinished | None = None
    pause: BrakeSet | None = None

    @property
    def finished(self) -> BatchFinished | None:
        """The event, unless a batch of the same name was begun after it."""
        if self.event is None or self.account is None:
            return self.event
        is_of_account = self.account.finished and self.account.ended_at == self.event.ended_at
        return self.event if is_of_account else None

    @property
    def holding(self) -> BrakeSet | None:
        """The pause, while there are jobs for it to hold."""
        return None if self.finished is not None else self.pause


class Watch:
    """Reads on and on what is written of one batch.

    Args:
        reader: of its own, assigned.
        namespace: first part of the topics' names.
        name: tenant and id of the batch.
        ends: the end of each partition when the watch was opened.

    Attributes:
        known: what was read until now.
    """

    def __init__(self, reader: Reader, namespace: str, name: tuple[str, str], ends: dict[Partition, int]) -> None:
        self.known = Known()
        self._reader = reader
        self._finished = topics.physical(namespace, FINISHED)
        self._tenant, self._batch_id = name
        self._key = account_key(*name)
        self._brakes, self._brakes_topic = Brakes(), topics.physical(namespace, TOPIC)
        self._scopes = [scope.name for scope in _holding(*name)]
        self._ends = ends

    @property
    def is_behind(self) -> bool:
        """Whether there is more to read of what was there when the watch was opened."""
        return any(self._reader.position(each) < end for each, end in self._ends.items())

    async def read(self, timeout_s: float) -> None:
        """Take what has come, or wait for it.

        Args:
            timeout_s: for how long, in seconds.

        Raises:
            WorkFailed: an event of the batch cannot be read by this version.
        """
        polled = await self._reader.poll(list(self._ends), max_records=_POLL_RECORDS, timeout_s=timeout_s)
        for record in (record for records in polled.values() for record in records):
            if record.topic == self._finished:
                self._take_event(record)
            elif record.topic == self._brakes_topic:
                self._take_brake(record)
            elif record.key == self._key:
                account = None if record.value is None else read_account(record.value)
                self.known = replace(self.known, account=account)

    def _take_event(self, record: Record) -> None:
        if record.key != self._batch_id.encode():
            return
        event = open_record(FINISHED, record).event
        if not isinstance(event, BatchFinished):
            raise WorkFailed(
                f"{record.topic}[{record.partition}]@{record.offset} cannot be read",
                "if the services are newer than this command line, update it",
            )
        if event.tenant == self._tenant:
            self.known = replace(self.known, event=event)

    def _take_brake(self, record: Record) -> None:
        event = open_record(TOPIC, record).event
        # One of a later release may be of scopes that this one does not know: `headchef brakes` counts those.
        if isinstance(event, BrakeSet):
            self._brakes.take(event)
            self.known = replace(self.known, pause=self._brakes.pause_of(self._scopes))

    async def close(self) -> None:
        """Stop reading."""
        await self._reader.close()


async def open_watch(log: Log, namespace: str, name: tuple[str, str]) -> Watch:
    """Begin to read at the start.

    Args:
        log: the cluster.
        namespace: first part of the topics' names.
        name: tenant and id of the batch.

    Raises:
        WorkFailed: the topics do not exist.
    """
    names = [topics.physical(namespace, logical) for logical in (FINISHED, CHANGELOG, TOPIC)]
    found = await partitions_of(log, names)
    if missing := [name for name in names if name not in found]:
        raise WorkFailed(f"there is no topic {missing[0]}", "make the topics with `headchef topics create`")
    reader = await log.reader(f"{namespace}.batch")
    partitions: Sequence[Partition] = [each for partitions in found.values() for each in partitions]
    bounds = await reader.bounds(partitions)
    await reader.assign({partition: earliest for partition, (earliest, _) in bounds.items()})
    return Watch(reader, namespace, name, {partition: end for partition, (_, end) in bounds.items()})


def _holding(tenant: str, batch_id: str) -> list[BrakeScope]:
    """Give the scopes whose pause holds every job of a batch."""
    whole = BrakeScope(tenant=tenant)
    return [BrakeScope(tenant=tenant, batch_id=batch_id), BrakeScope(batch_id=batch_id), whole]
