"""What the operations are made of: few names, so that operations meet, and records of every kind."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from hypothesis import strategies as st

from headchef.runtime.log.limits import METADATA_MAX_CHARACTERS
from headchef.runtime.log.port import Commit, Headers, NewRecord, Partition

MAX_MESSAGE_BYTES = 1500
JOBS, STATE = "jobs", "state"
PARTITIONS = {JOBS: 2, STATE: 1}
COMPACTED = (STATE,)
GROUPS = ("router", "cache")
TRANSACTIONAL_IDS = ("x", "y")

# Two halves are too large for one batch, each alone is not.
_FILL_BYTES = {"text": 0, "half": 900, "large": 3000}

_NEVER_MS = 4_102_444_800_000
"""The year 2100: more than an hour ahead, which Kafka does not take."""


class Draft(NamedTuple):
    """A record to be written; the machine gives each a value of its own."""

    topic: str
    partition: int | None
    key: bytes | None
    body: Literal["text", "none", "empty", "half", "large"]
    headers: Headers = ()
    timestamp_ms: int | None = None


PLAIN = Draft(JOBS, 0, None, "text")


def made(draft: Draft, number: int, topic: str, known: int, count: int) -> NewRecord:
    """Make a record of a draft.

    Args:
        draft: what it is like.
        number: of the record, which its value begins with.
        topic: the topic's full name.
        known: how many partitions there were when its producer was started; those that came since Kafka's client may
            not know for half a minute, and would place keys otherwise.
        count: how many there are.
    """
    value: bytes | None
    if draft.body in _FILL_BYTES:
        value = b"%d" % number + b"." * _FILL_BYTES[draft.body]
    else:
        value = b"" if draft.body == "empty" else None
    partition = draft.partition
    if partition is not None:
        partition %= known
    elif draft.key is None or known != count:
        partition = 0
    return NewRecord(topic, value, draft.key, partition, draft.headers, draft.timestamp_ms)


def _draft(topic: str, keys: list[bytes | None]) -> st.SearchStrategy[Draft]:
    return st.builds(
        Draft,
        st.just(topic),
        st.sampled_from((0, 1, None, 2, 3)),
        st.sampled_from(keys),
        st.sampled_from(("text", "text", "text", "text", "none", "empty", "half", "large")),
        st.sampled_from(((), (), (("a", b"1"),), (("a", b"1"), ("ü", b""), ("a", None)))),
        st.sampled_from((None, None, None, 12345, _NEVER_MS)),
    )


drafts = st.lists(
    st.one_of(_draft(JOBS, [None, b"k", b""]), _draft(STATE, [b"a", b"b", b"a", b"b", None])), min_size=1, max_size=3
)

_METADATA = {
    "none": "",
    "some": "seen: 7 9",
    "most": "ü" * METADATA_MAX_CHARACTERS,
    "too much": "x" * (METADATA_MAX_CHARACTERS + 1),
}


class Place(NamedTuple):
    """A group's place; the text beside it is named, since it can be long."""

    offset: int
    metadata: Literal["none", "some", "most", "too much"] = "none"


partitions = st.sampled_from(
    [Partition(topic, number) for topic, count in PARTITIONS.items() for number in range(count)]
)

places = st.dictionaries(
    partitions,
    st.builds(Place, st.integers(0, 9), st.sampled_from(("none", "some", "none", "some", "most", "too much"))),
    min_size=1,
    max_size=2,
)

positions = st.dictionaries(partitions, st.integers(0, 9), min_size=1)


def named(place: Partition, names: Mapping[str, str]) -> Partition:
    """Give a partition under its topic's full name."""
    return Partition(names[place.topic], place.number)


def placed(offsets: Mapping[Partition, Place], names: Mapping[str, str]) -> dict[Partition, Commit]:
    """Make what is committed."""
    return {named(each, names): Commit(place.offset, _METADATA[place.metadata]) for each, place in offsets.items()}
