"""Makes of a dead letter the record that goes back: bytes untouched, to where it came from, marked so that it ends."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headchef_contracts import topics

from headchef.cli.letters.letter import Letter
from headchef.router.home import FORWARDED_TIME
from headchef.runtime.envelope import EVENT_ID_HEADER
from headchef.runtime.expiry import EXPIRED
from headchef.runtime.log.port import Headers, NewRecord, Partition

REDRIVE_OF = "headchef-redrive-of"
"""Header of a record that was sent back: the letter that it was, as `topic:partition:offset`."""

REDRIVES = "headchef-redrives"
"""Header of a record that was sent back: how often it has been. It stays when the record dies again."""

_OF_A_DEATH = frozenset({"headchef-reason", "headchef-field", "headchef-dead-at"})
_OF_A_TRACE = frozenset({"traceparent", "tracestate", "baggage"})
# With its first event id a record that is refused again would have a refusal that readers drop as a repeat; and a job
# that is sent back is submitted now.
_DROPPED = _OF_A_DEATH | _OF_A_TRACE | {REDRIVE_OF, REDRIVES, EVENT_ID_HEADER, FORWARDED_TIME}
_DROPPED_PREFIXES = ("kafka_", "retry_topic-")

_NUMBER = re.compile(r"[0-9]{1,18}")
_SHOWN_CHARACTERS = 60

# At most, of a batch of one record and of one header, in Kafka's record format of version 2.
_FRAME_BYTES, _HEADER_BYTES = 100, 10

_OUTSIDE = frozenset(("upstream", "downstream"))
"""Readers of topics that are not ours."""


class Unfit(Exception):
    """A letter that cannot be sent back; the message names the header at fault."""


@dataclass(frozen=True, slots=True)
class Redrive:
    """One letter and what goes back.

    Attributes:
        letter: the dead letter.
        offset: where the record lay in its source; what was sent back before lies behind it.
        times: how often it has been sent back before.
        record: what goes back.
    """

    letter: Letter
    offset: int
    times: int
    record: NewRecord

    @property
    def source(self) -> Partition:
        """Where the record goes."""
        return Partition(self.record.topic, self.record.partition or 0)


def source_of(letter_topic: str) -> str:
    """Give the logical name of the topic whose dead letters a topic holds."""
    return letter_topic.removesuffix(".dlq")


def redrive(letter: Letter, *, namespace: str, counts: Mapping[str, int]) -> Redrive:
    """Address a letter to the partition that it came from.

    Args:
        letter: whose headers anybody may have written who can write to its topic.
        namespace: first part of the topics' names.
        counts: partitions of the source topics, by full name.

    Raises:
        Unfit: a header is damaged, or names a place that cannot be; or the record has become too large; or its topic is
            read by others too.
    """
    if letter.reason == EXPIRED:
        raise Unfit(f"there are no bytes to send back: {letter.message}")
    topic = topics.physical(namespace, source_of(letter.topic))
    if _text(letter, "kafka_original-topic") != topic:
        raise _damaged(letter, "kafka_original-topic", f"letters of {letter.topic} come from {topic}")
    if topic not in counts:
        raise Unfit(f"there is no topic {topic}")
    if _OUTSIDE.intersection(topics.topic(source_of(letter.topic)).readers):
        raise Unfit(f"{topic} is read outside of Headchef too, and what is there once must not be there twice")
    number = _number(letter, "kafka_original-partition")
    if number >= counts[topic]:
        raise _damaged(letter, "kafka_original-partition", f"{topic} has partitions 0 to {counts[topic] - 1}")
    offset = _number(letter, "kafka_original-offset")
    times = 0 if letter.header(REDRIVES) is None else _number(letter, REDRIVES)
    record = letter.record
    marks: Headers = ((REDRIVE_OF, letter.place.encode()), (REDRIVES, str(times + 1).encode()))
    back = NewRecord(topic, record.value, record.key, number, (*_kept(record.headers), *marks))
    _weigh(back, topics.topic(source_of(letter.topic)).max_message_bytes)
    return Redrive(letter, offset, times, back)


def too_often(made: Redrive, max_redrives: int) -> str | None:
    """Say why a record is not sent back again, or None if it may be."""
    if made.times < max_redrives:
        return None
    return f"{REDRIVES}: sent back {made.times} times before, of {max_redrives} that --max-redrives allows"


def _kept(headers: Headers) -> Headers:
    return tuple(each for each in headers if each[0] not in _DROPPED and not each[0].startswith(_DROPPED_PREFIXES))


def _weigh(record: NewRecord, max_bytes: int) -> None:
    # The log refuses a batch without saying which record is at fault, so that others would be held up.
    headers = sum(len(name.encode()) + len(value or b"") + _HEADER_BYTES for name, value in record.headers)
    size = len(record.value or b"") + len(record.key or b"") + headers + _FRAME_BYTES
    if size > max_bytes:
        raise Unfit(f"with its marks it has {size:,} bytes, and {record.topic} takes {max_bytes:,}")


def _text(letter: Letter, name: str) -> str:
    text = letter.header(name)
    if text is None:
        raise Unfit(f"{name}: this header is missing; is this a dead letter of Headchef's?")
    return text


def _number(letter: Letter, name: str) -> int:
    text = _text(letter, name)
    if _NUMBER.fullmatch(text) is None:
        raise _damaged(letter, name, "a whole number is wanted")
    return int(text)


def _damaged(letter: Letter, name: str, wanted: str) -> Unfit:
    said = letter.header(name) or ""
    shown = f"{said[:_SHOWN_CHARACTERS]}…" if len(said) > _SHOWN_CHARACTERS else said
    return Unfit(f'{name}: "{shown}": {wanted}')
