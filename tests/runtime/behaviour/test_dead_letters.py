"""What a handler cannot take: dead letters untouched, faults that pass tried again, all else ends the processor."""

import logging
from collections import Counter
from collections.abc import Callable

import pytest

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.cloudevents import Attributes
from headchef_contracts.events.common import Inline
from headchef_contracts.events.jobs import JobSubmitted

from headchef.runtime.errors import InvalidEvent, TransientError, UnknownVersion
from headchef.runtime.log.port import Headers, NewRecord, Record
from headchef.runtime.processor import Delivery, Emit, Outcome, State
from tests.runtime.behaviour.conftest import MakeWorld
from tests.runtime.behaviour.echo import SINK, Echo, echoed
from tests.runtime.behaviour.world import SOURCE, Order, World
from tests.support.eventually import eventually
from tests.support.log_client import publish
from tests.support.virtual_time import START

HEADERS = (("trace", b"abc"), ("bytes", b"\x00\xff"))
ORDERS = pytest.mark.parametrize("order", ["in_order", "concurrent"])


class Failing(Echo):
    """An echo that fails for one value.

    Args:
        value: for which.
        error: what it raises.
        times: how often.
    """

    def __init__(self, value: str, error: Callable[[], Exception], times: int = 1_000_000) -> None:
        super().__init__()
        self._value = value
        self._error = error
        self._times = times

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        outcome = await super().handle(delivery, state)
        if delivery.record.value == self._value.encode() and self.calls[self._value] <= self._times:
            raise self._error()
        return outcome


class EventEcho:
    """An echo for decoded events."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        assert isinstance(delivery.event, JobSubmitted)
        self.calls[delivery.event.job_id] += 1
        return echoed(delivery, delivery.event.job_id)


def event_headers(version: int = 1) -> Headers:
    """Give the headers of an internal event."""
    return cloudevents.to_headers(Attributes("id-1", "/test", JobSubmitted.event_type, version, START, None))


def event(world: World, job_id: str) -> NewRecord:
    """Make a good internal event."""
    value = registry.encode(JobSubmitted(job_id=job_id, prompt=Inline(inline="p")))
    return NewRecord(world.topic(SOURCE), value, b"key", 0, event_headers())


def assert_letter(world: World, letter: Record, original: NewRecord, offset: int, reason: str) -> None:
    """Check that bytes, key and headers are those that came, and that the added headers say where and why."""
    assert (letter.value, letter.key, letter.partition) == (original.value, original.key, original.partition)
    assert letter.headers[: len(original.headers)] == original.headers
    added = dict(letter.headers[len(original.headers) :])
    assert added["kafka_original-topic"] == original.topic.encode()
    assert added["kafka_original-partition"] == b"0"
    assert added["kafka_original-offset"] == str(offset).encode()
    assert int(added["kafka_original-timestamp"] or b"0") > 0
    assert added["kafka_dlt-original-consumer-group"] == world.names.group.encode()
    assert added["kafka_exception-fqcn"] == f"headchef.{reason}".encode()
    assert added["headchef-reason"] == reason.encode()


@ORDERS
async def test_an_invalid_event_goes_to_the_dead_letters(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=1)
    await world.publish("good")
    bad = NewRecord(world.topic(SOURCE), b"bad", b"key", 0, HEADERS)
    await publish(world.outside, [bad])
    await world.publish("better")
    world.start("one", Failing("bad", lambda: InvalidEvent("not_json", "prompt", "must be text")), order=order)
    assert await world.until_done() == Counter(["good", "better"])
    (letter,) = await world.dead_letters()
    assert_letter(world, letter, bad, 1, "not_json")
    added = dict(letter.headers)
    assert added["headchef-field"] == b"prompt"
    assert added["kafka_exception-message"] == b"must be text"


async def test_an_internal_event_that_cannot_be_decoded_goes_to_the_dead_letters(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, raw=False)
    topic = world.topic(SOURCE)
    broken = NewRecord(topic, b"{broken", b"key", 0, (*HEADERS, *event_headers()))
    nameless = NewRecord(topic, b"{}", None, 0, HEADERS)
    await publish(world.outside, [broken, nameless, event(world, "good")])
    handler = EventEcho()
    world.start("one", handler)
    assert await world.until_done() == Counter(["good"])
    assert handler.calls == Counter(["good"])
    first, second = await world.dead_letters()
    assert_letter(world, first, broken, 0, "invalid")
    assert_letter(world, second, nameless, 1, "no_cloudevents_headers")


async def test_an_output_that_its_topic_would_not_take_sends_the_input_to_the_dead_letters(
    make_world: MakeWorld,
) -> None:
    class Swelling(Echo):
        async def handle(self, delivery: Delivery, state: State) -> Outcome:
            if delivery.record.value != b"bad":
                return await super().handle(delivery, state)
            body = "x" * topics.topic(SINK).max_message_bytes
            return Outcome((Emit(SINK, JobSubmitted(job_id="bad", prompt=Inline(inline=body))),))

    world = await make_world(partitions=1)
    bad = NewRecord(world.topic(SOURCE), b"bad", None, 0, HEADERS)
    await publish(world.outside, [bad])
    await world.publish("good")
    world.start("one", Swelling())
    assert await world.until_done() == Counter(["good"])
    (letter,) = await world.dead_letters()
    assert_letter(world, letter, bad, 0, "output_too_large")


@ORDERS
async def test_a_fault_that_passes_is_tried_again_after_pauses(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=1)
    await world.publish("a", "bad", "c")
    handler = Failing("bad", lambda: TransientError("the store is away"), times=2)
    before_s = world.clock.monotonic()
    world.start("one", handler, order=order)
    assert await world.until_done() == Counter(["a", "bad", "c"])
    assert handler.calls == Counter({"a": 1, "bad": 3, "c": 1})
    assert world.clock.monotonic() - before_s >= 0.1 + 0.2, "it waits, and longer each time"
    assert not await world.dead_letters()


@ORDERS
async def test_a_fault_that_lasts_is_left_to_the_next_owner(make_world: MakeWorld, order: Order) -> None:
    world = await make_world(partitions=1)
    await world.publish("a", "bad", "c")
    handler = Failing("bad", lambda: TransientError("the store is away"))
    one = world.start("one", handler, order=order)
    await eventually(lambda: handler.calls["bad"] >= 2)
    await one.stop()
    next_one = Echo()
    world.start("two", next_one, order=order)
    assert await world.until_done() == Counter(["a", "bad", "c"])
    assert next_one.calls["bad"] == 1
    assert handler.calls["a"] + next_one.calls["a"] == 1, "what had finished is not handled again"


@ORDERS
async def test_any_other_error_ends_the_processor_and_commits_nothing_for_its_record(
    make_world: MakeWorld, order: Order
) -> None:
    world = await make_world(partitions=1)
    await world.publish("a", "poison", "c")
    failure = await world.start("one", Failing("poison", lambda: ZeroDivisionError("a bug")), order=order).failure()
    assert isinstance(failure, ZeroDivisionError)
    place = await world.place(0)
    assert place is None or place.offset <= 1
    assert not await world.dead_letters()
    assert "poison" not in await world.outputs()
    mended = Echo()
    world.start("one", mended, order=order)
    assert await world.until_done() == Counter(["a", "poison", "c"])
    assert mended.calls["poison"] == 1


async def test_a_newer_internal_event_ends_the_processor_and_commits_nothing(make_world: MakeWorld) -> None:
    world = await make_world(partitions=1, raw=False)
    newer = NewRecord(world.topic(SOURCE), b"{}", b"key", 0, event_headers(version=99))
    await publish(world.outside, [newer])
    failure = await world.start("one", EventEcho()).failure()
    assert isinstance(failure, UnknownVersion)
    assert f"{world.topic(SOURCE)}[0] offset 0" in str(failure)
    place = await world.place(0)
    assert place is None or place.offset == 0
    assert not await world.dead_letters()


async def test_tombstones_among_internal_events_are_passed_over(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = await make_world(partitions=1, raw=False)
    tombstone = NewRecord(world.topic(SOURCE), None, b"key", 0)
    await publish(world.outside, [tombstone, event(world, "good"), tombstone])
    handler = EventEcho()
    with caplog.at_level(logging.WARNING, logger="headchef"):
        world.start("one", handler)
        assert await world.until_done() == Counter(["good"])
    assert handler.calls == Counter(["good"])
    assert not await world.dead_letters()
    assert not [record for record in caplog.records if "dead letter" in record.message]
