"""What goes back of a dead letter: its bytes untouched, its own headers, a count; and to no place that was forged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.cli.letters.letter import Letter
from headchef.cli.letters.redrive import Unfit, redrive
from headchef.runtime.log.port import Headers, NewRecord, Record
from tests.cli.buried import KEY, OWN, RAW, SOURCE, make_letter, make_record
from tests.cli.clusters import NAMESPACE

DROPPED: Headers = (
    ("traceparent", b"00-1"),
    ("tracestate", b"a=b"),
    ("baggage", b"c"),
    ("retry_topic-attempts", b"\xff"),
    ("kafka_dlt-original-offset", b"9"),
    ("kafka_original-topic", b"elsewhere"),
    ("headchef-reason", b"nothing"),
    ("headchef-event-id", b"e"),
    ("headchef-forwarded-time", b"1"),
)


def sent_back(letter: Letter) -> NewRecord:
    return redrive(letter, namespace=NAMESPACE, counts={SOURCE: 4}).record


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


def test_the_count_survives_each_death() -> None:
    record, counts = make_record(), []
    for offset in range(3):
        back = sent_back(make_letter(record, offset=offset))
        counts.append(dict(back.headers)["headchef-redrives"])
        record = Record(SOURCE, 2, 9, 0, back.key, back.value, back.headers)
    assert counts == [b"1", b"2", b"3"]
    assert len(record.headers) == len(OWN) + 2, "marks take the place of older ones"


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
        redrive(make_letter(make_record()), namespace=NAMESPACE, counts={})
