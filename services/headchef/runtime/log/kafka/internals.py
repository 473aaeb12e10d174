"""All that we need of aiokafka and that it keeps to itself, with why; tried on 0.14, to be read again for the next."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
    RebalanceInProgressError,
)
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import JoinGroupRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition

_NOT_SERVING = {
    error.errno for error in (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)
}


def identity(producer: AIOKafkaProducer) -> str:
    """Give the producer id and the epoch that the coordinator gave a started transactional producer."""
    manager: Any = producer._txn_manager
    return f"{manager.producer_id}/{manager.producer_epoch}"


def member_id(consumer: AIOKafkaConsumer) -> str:
    """Give the id that the group knows the consumer by: empty once it has been dropped, which nothing else tells."""
    coordinator: Any = consumer._coordinator
    return str(coordinator.member_id)


def coordination_ended(consumer: AIOKafkaConsumer) -> bool:
    """Say whether the task that keeps the membership has died; it is not started again."""
    coordinator: Any = consumer._coordinator
    return bool(coordinator._coordination_task.done())


async def commit_as_member(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
    """Commit as a member of the group; `consumer.commit` refuses partitions of a task that is being drained."""
    coordinator: Any = consumer._coordinator
    # The first argument is only handed on, and not looked at.
    await coordinator.commit_offsets(None, dict(offsets))


def generation(consumer: AIOKafkaConsumer) -> int:
    """Give the generation that the consumer takes its group to be in; it knows a new one before its share of it."""
    coordinator: Any = consumer._coordinator
    return int(coordinator.generation)


def commit_only_in(consumer: AIOKafkaConsumer, confirmed: Callable[[], int | None]) -> None:
    """Have commits refused in another generation than the confirmed one, also those that waited for their turn.

    While none is confirmed too: what is sent behind a join is answered after it, as of a generation that is over, for
    which aiokafka gives its place up and joins once more, with the next commit behind it.
    """
    coordinator: Any = consumer._coordinator
    ask = coordinator._send_req

    async def confirmed_only(request: object) -> Any:
        if isinstance(request, OffsetCommitRequest) and generation(consumer) != confirmed():
            raise RebalanceInProgressError
        return await ask(request)

    coordinator._send_req = confirmed_only


def note_answers(
    consumer: AIOKafkaConsumer,
    note: Callable[[int], None],
    joined: Callable[[int], None],
    failed: Callable[[], None],
) -> None:
    """Have what the group's coordinator answers this member noted, before aiokafka acts on it.

    Args:
        consumer: the member.
        note: is given each error code.
        joined: is given the generation of each join that was answered.
        failed: is called when the coordinator is not there: it did not answer, or says that it does not serve.

    A member that is unknown and one whose generation is over look the same afterwards: the id is gone.
    """
    coordinator: Any = consumer._coordinator
    ask = coordinator._send_req

    async def noted(request: object) -> Any:
        asked_as = coordinator.member_id
        try:
            answer = await ask(request)
        except KafkaError:
            # One that is being stopped hangs up itself.
            if not consumer._closed:
                failed()
            raise
        if isinstance(request, JoinGroupRequest) and answer.error_code == 0:
            joined(answer.generation_id)
        codes = _codes(answer)
        if codes & _NOT_SERVING:
            failed()
        # Between two memberships a commit has no id, and is told that this one is unknown.
        for code in codes if asked_as else ():
            note(code)
        return answer

    coordinator._send_req = noted


def _codes(answer: Any) -> set[int]:
    """Give the error codes of an answer: one of its own, or the last of what it says of each partition."""
    if hasattr(answer, "error_code"):
        return {answer.error_code}
    return {partition[-1] for _, partitions in answer.topics for partition in partitions}


def leave_when_stopped(consumer: AIOKafkaConsumer) -> None:
    """Have a static member give its place up when it stops; aiokafka then leaves each round waiting for its session."""
    coordinator: Any = consumer._coordinator
    if coordinator is not None:
        coordinator._group_instance_id = None


def fetch_unread_after(consumer: AIOKafkaConsumer, seconds: float) -> None:
    """Set how long unread records of one partition hold back the fetching of the others; by default 100 ms."""
    fetcher: Any = consumer._fetcher
    fetcher._prefetch_backoff = seconds


def forget_fetched(consumer: AIOKafkaConsumer) -> None:
    """Forget what was fetched and not read. aiokafka forgets it with the assignment, but not what it is made of.

    Records that were begun and not read to their end hold the generator that reads them, which holds them: a megabyte
    for each partition at each seek, until Python looks for cycles, which it does seldom (`runtime.garbage`).
    """
    fetcher: Any = consumer._fetcher
    for fetched in fetcher._records.values():
        # An error that was fetched has none.
        if (records := getattr(fetched, "_partition_records", None)) is not None:
            records._records_iterator = None
    fetcher._records.clear()


def fetching_ended(consumer: AIOKafkaConsumer) -> BaseException | None:
    """Give what killed the task that fetches; `getmany` would only come back empty for ever."""
    fetcher: Any = consumer._fetcher
    task: asyncio.Task[None] = fetcher.error_future
    return task.exception() if task.done() and not task.cancelled() else None


async def start_sending(producer: AIOKafkaProducer) -> None:
    """Start a producer whose client is connected; `start` connects too, and leaves that open when it is cancelled."""
    await producer._sender.start()


def cause_of_death(producer: AIOKafkaProducer) -> BaseException | None:
    """Give what killed the task that sends; afterwards the driver only says that its states do not fit."""
    sender = producer._sender.sender_task
    return sender.exception() if sender is not None and sender.done() and not sender.cancelled() else None
