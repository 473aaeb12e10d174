"""Choosing and sending dead letters: what fits, each once, no more often than allowed, and none held up by another."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from headchef_contracts import topics

from headchef.cli.faults import WorkFailed
from headchef.cli.letters.choice import Choice
from headchef.cli.letters.letter import Letter
from headchef.cli.letters.plan import Plan
from headchef.cli.submission.publishing import WINDOW, Sent, publish_records
from headchef.runtime.errors import OffsetLost
from headchef.runtime.expiry import expired
from headchef.runtime.log.port import Headers, Partition
from tests.cli.buried import KEY, RAW, SOURCE, bury, die, make_letter, make_record, plan_of, read, send
from tests.cli.clusters import NAMESPACE, make_log, put


def values(found: Plan) -> Sequence[bytes | None]:
    return [each.record.value for each in found.redrives]


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


async def test_a_record_that_was_sent_back_as_often_as_is_allowed_is_refused() -> None:
    log = make_log()
    await die(log, RAW)
    for _ in range(3):
        await send(log, await plan_of(log))
        await bury(log, (await read(log))[-1])
    refused = await plan_of(log)
    ((letter, why),) = refused.left_out
    assert (refused.redrives, letter.place) == ([], "jobs.submitted.dlq:2:3")
    assert why == "headchef-redrives: sent back 3 times before, of 3 that --max-redrives allows"
    await send(log, await plan_of(log, max_redrives=4))
    done = await plan_of(log)
    assert (done.redrives, done.left_out, len(done.before)) == ([], [], 4), "what has been sent is no longer refused"


async def test_a_forged_count_only_makes_a_record_stay() -> None:
    log = make_log()
    await bury(log, make_record(headers=(("headchef-redrives", b"9" * 18),)))
    assert (await plan_of(log, max_redrives=1000)).redrives == []


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


async def test_what_expired_has_nothing_to_send_back() -> None:
    log = make_log()
    await die(log, RAW)
    await bury(log, expired(OffsetLost(Partition(SOURCE, 2), 4, 9), 0), reason="expired", field=None)
    found = await plan_of(log)
    assert len(found.redrives) == 1
    [(letter, why)] = found.left_out
    assert (letter.reason, letter.header("headchef-lost-first"), letter.header("headchef-lost-last")) == (
        "expired",
        "4",
        "8",
    )
    assert why.startswith("there are no bytes to send back")


async def test_a_record_that_is_too_large_with_its_marks_is_named_and_the_others_go() -> None:
    log = make_log()
    await die(log, b"good")
    takes = topics.topic("jobs.submitted").max_message_bytes
    await bury(log, make_record(b"x" * (takes - 100), ()))
    found = await plan_of(log)
    ((letter, why),) = found.left_out
    assert letter.place == "jobs.submitted.dlq:2:1"
    assert f"{SOURCE} takes {takes:,}" in why
    assert await send(log, found) == Sent(acknowledged=1)


async def test_what_is_not_too_large_is_taken_by_the_log() -> None:
    log = make_log()
    for less in range(160, 280, 10):
        await bury(log, make_record(b"x" * (topics.topic("jobs.submitted").max_message_bytes - less), ()))
    found = await plan_of(log)
    assert 0 < len(found.redrives) < 12
    for each in found.redrives:
        assert await send(log, Plan([each], (), (), 0)) == Sent(acknowledged=1)


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
    with pytest.raises(WorkFailed, match="keeps nothing in this partition"):
        await plan_of(make_log(), Choice(place="jobs.submitted:2:0"))
    assert (await plan_of(make_log())).redrives == []


async def test_what_others_read_too_is_not_put_there_twice() -> None:
    log = make_log()
    source = topics.physical(NAMESPACE, "jobs.finished")
    await bury(log, make_record(topic=source))
    ((_, why),) = (await plan_of(log)).left_out
    assert why == f"{source} is read outside of Headchef too, and what is there once must not be there twice"
