"""Sending dead letters back: bytes untouched, headers cleaned and counted, nothing twice, nothing where it must not."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts import topics

from headchef.cli.faults import WorkFailed
from headchef.cli.history.scan import partitions_of, scan, stretches
from headchef.cli.letters.choice import Choice
from headchef.cli.letters.letter import Letter
from headchef.cli.letters.plan import Bounds, Plan, plan
from headchef.cli.letters.redrive import Unfit, redrive
from headchef.cli.submission.publishing import WINDOW, Sent, publish_records
from headchef.runtime.envelope import Envelope
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Headers, NewRecord, Record
from headchef.runtime.processor import DeadLetter
from tests.cli.clusters import NAMESPACE, make_log, put
from tests.support.manual_clock import ManualClock

RAW, KEY = b'\x00\x00\x07{"job_id": \xff}', b"\xff key"
SOURCE = topics.physical(NAMESPACE, "jobs.submitted")
ALL = Choice(all_letters=True)
OWN: Headers = (("x-shop", b"\x00\xff"), ("ce_id", b"7"), ("x-shop", None), ("headchef-forwarded-from", b"1/2"))
DROPPED: Headers = (
    ("traceparent", b"00-1"),
    ("tracestate", b"a=b"),
    ("baggage", b"c"),
    ("retry_topic-attempts", b"\xff"),
    ("kafka_dlt-original-offset", b"9"),
    ("kafka_original-topic", b"elsewhere"),
    ("headchef-reason", b"nothing"),
    ("headchef-event-id", b"e"),
)


def dead(record: Record, reason: str = "unknown_model", field: str | None = "model") -> NewRecord:
    """Make a dead letter as the router does."""
    envelope = Envelope(namespace=NAMESPACE, processor="router", group=f"{NAMESPACE}.router", clock=ManualClock())
    logical = topics.logical(NAMESPACE, record.topic)
    return envelope.dead_letter(logical or "", record, DeadLetter(reason, field, "made up"))


def make_record(value: bytes = RAW, headers: Headers = OWN, *, offset: int = 0, topic: str = SOURCE) -> Record:
    return Record(topic, 2, offset, 0, KEY, value, headers)


def make_letter(record: Record, *, offset: int = 0, headers: Headers = ()) -> Letter:
    new = dead(record)
    return Letter("jobs.submitted.dlq", Record(new.topic, 2, offset, 0, new.key, new.value, (*new.headers, *headers)))


def sent_back(letter: Letter, max_redrives: int = 3) -> NewRecord:
    return redrive(letter, namespace=NAMESPACE, counts={SOURCE: 4}, max_redrives=max_redrives).record


async def bury(log: MemoryLog, *records: Record, reason: str = "unknown_model", field: str | None = "model") -> None:
    for record in records:
        letter = dead(record, reason, field)
        logical = topics.logical(NAMESPACE, letter.topic) or ""
        await put(log, logical, letter.value, letter.key, letter.partition, letter.headers)


async def die(
    log: MemoryLog,
    *values: bytes,
    reason: str = "unknown_model",
    field: str | None = "model",
    topic: str = "jobs.submitted",
) -> None:
    """Write records and their dead letters."""
    before = len(await read(log, topic))
    for value in values:
        await put(log, topic, value, KEY, 2, OWN)
    await bury(log, *(await read(log, topic))[before:], reason=reason, field=field)


async def plan_of(log: MemoryLog, choice: Choice = ALL, *, limit: int | None = None, max_redrives: int = 3) -> Plan:
    bounds = Bounds(max_records=10_000, limit=limit, max_redrives=max_redrives)
    return await plan(log, choice, bounds, namespace=NAMESPACE, lanes=["default"], progress=lambda done, total: None)


async def send(log: MemoryLog, found: Plan, stop: asyncio.Event | None = None) -> Sent:
    producer = log.producer("test", None)
    await producer.start()
    records = ((each.letter.place, each.record) for each in found.redrives)
    sent = await publish_records(records, producer, stop=stop or asyncio.Event())
    await producer.close()
    return sent


async def read(log: MemoryLog, topic: str = "jobs.submitted") -> list[Record]:
    reader = await log.reader("test")
    parts = (await partitions_of(log, [topics.physical(NAMESPACE, topic)])).values()
    found = await stretches(reader, [each for group in parts for each in group], 100_000)
    return [record async for record in scan(reader, found)]


def values(found: Plan) -> Sequence[bytes | None]:
    return [each.record.value for each in found.redrives]


def test_bytes_place_and_own_headers_go_back_and_those_of_the_death_do_not() -> None:
    record = sent_back(make_letter(make_record(headers=(*OWN, *DROPPED)), offset=5))
    assert (record.topic, record.partition, record.key, record.value) == (SOURCE, 2, KEY, RAW)
    marks = (("headchef-redrive-of", b"jobs.submitted.dlq:2:5"), ("headchef-redrives", b"1"))
    assert record.headers == (*OWN, *marks)


@given(
    st.binary(max_size=50), st.none() | st.binary(max_size=9), st.lists(st.tuples(st.text(), st.binary()), max_size=5)
)
def test_whatever_a_record_was_it_comes_back_as_it_was(
    value: bytes, key: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    kept = tuple((f"x-{name}", content) for name, content in headers)
    back = sent_back(make_letter(Record(SOURCE, 2, 0, 0, key, value, kept)))
    assert (back.key, back.value, back.headers[:-2]) == (key, value, kept)


def test_the_count_survives_each_death_and_ends_it() -> None:
    record, counts = make_record(), []
    for offset in range(3):
        back = sent_back(make_letter(record, offset=offset))
        counts.append(dict(back.headers)["headchef-redrives"])
        record = Record(SOURCE, 2, 9, 0, back.key, back.value, back.headers)
    assert counts == [b"1", b"2", b"3"]
    assert len(record.headers) == len(OWN) + 2, "marks take the place of older ones"
    with pytest.raises(Unfit, match=r"headchef-redrives: sent back 3 times before, of 3 that --max-redrives allows"):
        sent_back(make_letter(record))
    assert dict(sent_back(make_letter(record), max_redrives=4).headers)["headchef-redrives"] == b"4"


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("kafka_original-topic", b"headchef.jobs.finished.v1", "come from headchef.jobs.submitted.v1"),
        ("kafka_original-topic", b"headchef.steps.planned.v1", "come from headchef.jobs.submitted.v1"),
        ("kafka_original-topic", b"other.jobs.submitted.v1", "other.jobs.submitted.v1"),
        ("kafka_original-topic", b"__consumer_offsets", "__consumer_offsets"),
        ("kafka_original-topic", b"\xff" * 500, "…"),
        ("kafka_original-topic", None, "come from"),
        ("kafka_original-partition", b"4", "partitions 0 to 3"),
        ("kafka_original-partition", b"-1", "whole number"),
        ("kafka_original-partition", "٣".encode(), "whole number"),
        ("kafka_original-partition", b"9" * 5000, "whole number"),
        ("kafka_original-offset", b"", "whole number"),
        ("kafka_original-offset", b"1e3", "whole number"),
        ("headchef-redrives", b"-5", "whole number"),
        ("headchef-redrives", b"\xff\xff", "whole number"),
        ("headchef-redrives", None, "whole number"),
        ("headchef-redrives", b"999999999", "--max-redrives"),
    ],
)
def test_a_damaged_or_hostile_header_is_named(name: str, value: bytes | None, part: str) -> None:
    with pytest.raises(Unfit) as caught:
        sent_back(make_letter(make_record(), headers=((name, value),)))
    assert str(caught.value).startswith(f"{name}: ")
    assert part in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", ["kafka_original-topic", "kafka_original-partition", "kafka_original-offset"])
def test_a_missing_header_is_named(name: str) -> None:
    letter = make_letter(make_record())
    headers = tuple(each for each in letter.record.headers if each[0] != name)
    with pytest.raises(Unfit, match=f"{name}: this header is missing"):
        sent_back(Letter(letter.topic, letter.record._replace(headers=headers)))


def test_a_source_that_is_gone_is_named() -> None:
    with pytest.raises(Unfit, match=f"no topic {SOURCE}"):
        redrive(make_letter(make_record()), namespace=NAMESPACE, counts={}, max_redrives=3)


async def test_a_letter_goes_back_and_is_recognised_afterwards() -> None:
    log = make_log()
    await die(log, RAW)
    found = await plan_of(log, Choice(place="jobs.submitted:2:0"))
    assert await send(log, found) == Sent(acknowledged=1)
    _, back = await read(log)
    assert (back.partition, back.key, back.value) == (2, KEY, RAW)
    again = await plan_of(log, Choice(place="jobs.submitted:2:0"))
    assert (again.redrives, again.before, again.left_out) == ([], ["jobs.submitted.dlq:2:0"], [])


async def test_only_the_newest_letter_of_a_record_that_died_again_goes_back() -> None:
    log = make_log()
    await die(log, RAW)
    await send(log, await plan_of(log))
    await bury(log, (await read(log))[-1])
    found = await plan_of(log)
    assert [each.letter.place for each in found.redrives] == ["jobs.submitted.dlq:2:1"]
    assert dict(found.redrives[0].record.headers)["headchef-redrives"] == b"2"
    assert found.before == ["jobs.submitted.dlq:2:0"]
    refused = await plan_of(log, max_redrives=1)
    assert (refused.redrives, [letter.place for letter, _ in refused.left_out]) == ([], ["jobs.submitted.dlq:2:1"])


async def test_a_record_that_only_says_that_it_was_sent_back_hides_no_letter() -> None:
    log = make_log()
    await die(log, RAW)
    forged: Headers = (("headchef-redrive-of", b"jobs.submitted.dlq:2:0"),)
    await put(log, "jobs.submitted", b"other bytes", KEY, 2, forged)
    assert values(await plan_of(log)) == [RAW]


async def test_an_interruption_says_how_far_it_came_and_a_repetition_sends_the_rest_once() -> None:
    log, stop, count = make_log(), asyncio.Event(), WINDOW + 20
    await die(log, *(str(number).encode() for number in range(count)))
    found = await plan_of(log)
    producer = log.producer("test", None)
    await producer.start()
    records = ((each.letter.place, each.record) for each in found.redrives)
    sent = await publish_records(records, producer, stop=stop, progress=lambda _: stop.set())
    assert (sent.acknowledged, sent.stopped) == (WINDOW, "interrupted")
    rest = await plan_of(log)
    assert (len(rest.redrives), len(rest.before)) == (20, WINDOW)
    assert await send(log, rest) == Sent(acknowledged=20)
    assert [record.value for record in (await read(log))[count:]] == [str(number).encode() for number in range(count)]
    assert await send(log, await plan_of(log)) == Sent()


async def test_a_filter_takes_what_fits_in_all_its_options_and_a_limit_the_oldest() -> None:
    log = make_log()
    job = b'{"job_id": "j1", "prompt": "x"}'
    await die(log, job, b'{"job_id": "j2"}')
    await die(log, b"{", reason="not_json", field=None)
    await die(log, b"step", topic="steps.planned", reason="invalid", field="step.request")
    assert len(values(await plan_of(log))) == 4
    expected: dict[Choice, list[bytes]] = {
        Choice(reason="not_json"): [b"{"],
        Choice(topic="steps.planned"): [b"step"],
        Choice(topic="steps.planned.dlq", reason="not_json"): [],
        Choice(field="step.request"): [b"step"],
        Choice(job_id="j1"): [job],
        Choice(job_id="j"): [],
        Choice(since="2020-01-01"): [job, b'{"job_id": "j2"}', b"{", b"step"],
        Choice(until="2020-01-01T00:00+02:00"): [],
        Choice(since="2020-01-01", reason="unknown_model", field="model"): [job, b'{"job_id": "j2"}'],
    }
    for choice, wanted in expected.items():
        choice.check()
        assert values(await plan_of(log, choice)) == wanted, choice
    assert values(await plan_of(log, limit=2)) == [job, b'{"job_id": "j2"}']
    await send(log, await plan_of(log, limit=2))
    assert values(await plan_of(log, limit=1)) == [b"{"], "a limit counts what is still to be sent"


def test_times_are_from_one_up_to_another() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    letter = make_letter(make_record())
    letter = Letter(letter.topic, letter.record._replace(timestamp_ms=int(at.timestamp() * 1000)))
    assert Choice(since="2026-11-20T12:00").chosen([letter]) == [letter]
    assert Choice(until="2026-11-20T12:00").chosen([letter]) == []
    assert Choice(since="2026-11-20T13:00:00.001+01:00").chosen([letter]) == []


async def test_one_bad_letter_does_not_hold_the_others_back() -> None:
    log = make_log()
    await die(log, b"good")
    await put(log, "jobs.submitted.dlq", b"forged", KEY, 1, (("kafka_original-topic", b"headchef.catalog.v1"),))
    found = await plan_of(log)
    assert values(found) == [b"good"]
    ((letter, why),) = found.left_out
    assert letter.place == "jobs.submitted.dlq:1:0"
    assert why.startswith("kafka_original-topic: ")


async def test_what_was_sent_to_a_topic_that_was_made_anew_is_recognised() -> None:
    log = make_log()
    await bury(log, make_record(offset=40))
    await send(log, await plan_of(log))
    assert (await plan_of(log)).redrives == [], "its source has fewer records than its offset says"


async def test_a_place_without_a_letter_says_what_there_is() -> None:
    with pytest.raises(WorkFailed, match="0 to -1 only"):
        await plan_of(make_log(), Choice(place="jobs.submitted:2:0"))
    assert (await plan_of(make_log())).redrives == []
