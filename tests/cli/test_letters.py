"""Dead letters: found, shown in words, and given back untouched."""

import pytest

from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.letters.letter import Letter, excerpt, shown
from headchef.cli.letters.reading import letter_topics, read_letter, read_letters, split_place
from headchef.cli.screen import printable
from headchef.runtime.log.memory import MemoryLog
from tests.cli.clusters import NAMESPACE, make_log, put

RAW = b'\x00\x00\x00\x00\x07{"job_id": \xff}'
HEADERS = (
    ("headchef-reason", b"not_json"),
    ("kafka_original-topic", b"headchef.jobs.submitted.v1"),
    ("kafka_original-partition", b"2"),
    ("kafka_original-offset", b"17"),
    ("kafka_exception-message", b"not JSON: expected value"),
    ("headchef-field", b""),
    ("headchef-reason", b"schema_registry_framing"),
)


@pytest.fixture
async def log() -> MemoryLog:
    log = make_log()
    await put(log, "jobs.submitted.dlq", RAW, b"k", 2, HEADERS)
    return log


async def letters(log: MemoryLog, max_records: int = 10) -> tuple[list[Letter], int]:
    names = letter_topics(["default"])
    return await read_letters(
        log, namespace=NAMESPACE, names=names, max_records=max_records, progress=lambda done, total: None
    )


async def test_a_letter_is_found_with_its_reason_in_words(log: MemoryLog) -> None:
    (letter,), skipped = await letters(log)
    assert (letter.place, letter.reason, letter.field) == ("jobs.submitted.dlq:2:0", "schema_registry_framing", None)
    assert letter.in_words() == "not JSON: expected value"
    assert letter.source == "headchef.jobs.submitted.v1[2]@17"
    assert letter.as_json()["value"] == {"hex": RAW.hex()}
    assert skipped == 0


async def test_the_bytes_come_back_untouched(log: MemoryLog) -> None:
    letter = await read_letter(log, namespace=NAMESPACE, place="jobs.submitted:2:0")
    assert letter.value == RAW


async def test_older_letters_than_the_bound_are_counted(log: MemoryLog) -> None:
    await put(log, "jobs.submitted.dlq", b"x", b"k", 2)
    found, skipped = await letters(log, max_records=1)
    assert ([letter.value for letter in found], skipped) == ([b"x"], 1)


@pytest.mark.parametrize(
    ("place", "part"), [("jobs.submitted.dlq:2:5", "offsets 0 to 0"), ("jobs.submitted.dlq:9:0", "no partition 9")]
)
async def test_a_place_without_a_letter_says_what_there_is(log: MemoryLog, place: str, part: str) -> None:
    with pytest.raises(WorkFailed, match=part):
        await read_letter(log, namespace=NAMESPACE, place=place)


@pytest.mark.parametrize(
    "place", ["", "a", "jobs.submitted:1", "jobs.submitted:x:1", "nothing:0:0", "batches.finished:0:0"]
)
def test_a_text_that_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(WrongUsage):
        split_place(place)


def test_bytes_that_are_no_text_are_dumped() -> None:
    assert shown(b"plain") == "plain"
    assert shown(b"\xff\x00AB").startswith("00000000  ff 00 41 42")
    assert shown(b"\xff\x00AB").endswith("..AB")
    assert excerpt(b"a" * 200).endswith("…")


def test_a_terminal_gets_no_control_characters() -> None:
    assert printable("a\x1b[31mred\x07\r\nnext\x9b") == "a\ufffd[31mred\ufffd\nnext\ufffd"
