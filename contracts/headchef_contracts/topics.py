"""The topics, as the reviewed table `topics.toml` sets them: their settings, names and keys."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Literal

from headchef_contracts.errors import UnknownTopic
from headchef_contracts.events.common import NO_ENTRIES, Event, JobClass

CleanupPolicy = Literal["delete", "compact"]
TimestampType = Literal["CreateTime", "LogAppendTime"]

_BULK = ".bulk"
_LANE, _ENTRY = "<lane>", "<entry>"
_TEMPLATES = tuple(
    (part, name + after)
    for part, name in ((_LANE, f"steps.dispatched.{_LANE}"), (_ENTRY, f"jobs.submitted.{_ENTRY}"))
    for after in ("", _BULK)
)
_CHANGELOG = "<processor>.<store>.changelog"
_VERSION_SUFFIX = ".v1"
_NO_PROCESSORS = ("upstream", "downstream", "cli")
"""Readers that put no record aside as a dead letter."""

_PART = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_CHANGELOG_NAME = re.compile(r"(?P<processor>[a-z0-9_-]+(\.[a-z0-9_-]+)*)\.(?P<store>[a-z0-9_-]+)\.changelog")


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the table.

    Attributes:
        logical: name without namespace and version, such as `jobs.submitted`.
        partitions: how many; of all inputs of one processor alike.
        replicas: copies in production.
        cleanup_policy: Kafka's `cleanup.policy`.
        retention_ms: how long records are kept; -1 for ever.
        retention_bytes: how much of a partition is kept; -1 for all of it.
        timestamp_type: whose clock stamps a record, from which on it is kept: its writer's, or the broker's.
        segment_ms: after how long a log segment is closed, and can expire or be compacted.
        min_cleanable_dirty_ratio: share of a log not yet compacted that starts a compaction.
        max_message_bytes: largest batch that the broker takes.
        key: path of the event's field that is the record's key; empty where there is none.
        events: event types that it carries.
        writers: who publishes to it.
        readers: who reads it.
        dead_letters: whether `<logical>.dlq` exists.
        description: what it is for, in a sentence.
        broadcast: whether every process of its readers reads it whole, without a group.
    """

    logical: str
    partitions: int
    replicas: int
    cleanup_policy: CleanupPolicy
    retention_ms: int
    retention_bytes: int
    timestamp_type: TimestampType
    segment_ms: int
    min_cleanable_dirty_ratio: float
    max_message_bytes: int
    key: str
    events: tuple[str, ...]
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    dead_letters: bool
    description: str
    broadcast: bool = False

    def configuration(self) -> dict[str, str]:
        """Give the topic's settings under Kafka's own names, as its admin API takes them."""
        return {
            "cleanup.policy": self.cleanup_policy,
            "retention.ms": str(self.retention_ms),
            "retention.bytes": str(self.retention_bytes),
            "message.timestamp.type": self.timestamp_type,
            "segment.ms": str(self.segment_ms),
            "min.cleanable.dirty.ratio": str(self.min_cleanable_dirty_ratio),
            "max.message.bytes": str(self.max_message_bytes),
        }


_TABLE: dict[str, Any] = tomllib.loads(files("headchef_contracts").joinpath("topics.toml").read_text("utf-8"))


def _row(logical: str, fields: Mapping[str, Any]) -> Topic:
    values: dict[str, Any] = {name: tuple(it) if isinstance(it, list) else it for name, it in fields.items()}
    return Topic(logical, **values)


_ROWS = {logical: _row(logical, fields) for logical, fields in _TABLE["topic"].items()}
STORES: Mapping[str, tuple[str, ...]] = MappingProxyType({name: tuple(it) for name, it in _TABLE["stores"].items()})
"""The stores of each processor; `executor.<lane>` stands for one processor a lane."""
TOPICS: Mapping[str, Topic] = MappingProxyType({name: row for name, row in _ROWS.items() if "<" not in name})
"""The topics with a fixed name, by logical name. See `required` for all that a deployment has."""
TEMPLATES: Mapping[str, Topic] = MappingProxyType({name: row for name, row in _ROWS.items() if "<" in name})
"""The topics whose name has a part in angle brackets: one a lane, one an entry, one a store."""


@lru_cache(maxsize=1024)
def topic(logical: str) -> Topic:
    """Give a topic's row, also of a lane, of an entry, of dead letters and of a changelog.

    Args:
        logical: such as `jobs.submitted`, `steps.dispatched.default`, `steps.planned.dlq`, `router.seen.changelog`.

    Raises:
        UnknownTopic: the table has no such topic.
    """
    if logical in TOPICS:
        return TOPICS[logical]
    if logical.endswith(".dlq"):
        return dead_letters_of(topic(logical.removesuffix(".dlq")))
    for part, template in _TEMPLATES:
        before, _, after = template.partition(part)
        name = logical.removeprefix(before).removesuffix(after)
        if (
            logical == f"{before}{name}{after}"
            and _PART.fullmatch(name)
            and not (part == _ENTRY and name in NO_ENTRIES)
        ):
            return _filled(_ROWS[template], logical, {part: name})
    changelog = _CHANGELOG_NAME.fullmatch(logical)
    if changelog:
        return _filled(_ROWS[_CHANGELOG], logical, {f"<{part}>": name for part, name in changelog.groupdict().items()})
    raise UnknownTopic(f"no topic {logical!r} in the topic table; it has {', '.join(_ROWS)}, and <topic>.dlq")


def _filled(template: Topic, logical: str, parts: Mapping[str, str]) -> Topic:
    def fill(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(re.sub(r"<\w+>", lambda part: parts.get(part[0], part[0]), name) for name in names)

    return replace(template, logical=logical, writers=fill(template.writers), readers=fill(template.readers))


def dead_letters_of(source: Topic) -> Topic:
    """Give the dead-letter topic of a topic.

    Raises:
        UnknownTopic: the topic has none.
    """
    if not source.dead_letters:
        raise UnknownTopic(f"{source.logical} has no dead letters: no processor reads it")
    own = dict(_TABLE["dead_letters"])
    return replace(
        source,
        logical=f"{source.logical}.dlq",
        max_message_bytes=source.max_message_bytes + own.pop("extra_message_bytes"),
        description=own.pop("description").format(source=source.logical),
        writers=tuple(name for name in source.readers if name not in _NO_PROCESSORS),
        readers=tuple(own.pop("readers")),
        dead_letters=False,
        **own,
    )


@lru_cache(maxsize=1024)
def entry_of(logical: str) -> str | None:
    """Give the entry whose topic this is, such as `acme` of `jobs.submitted.acme.bulk`; None for any other topic."""
    before, _, _ = _TEMPLATES[-1][1].partition(_ENTRY)
    name = logical.removeprefix(before).removesuffix(_BULK)
    is_one = logical in (before + name, before + name + _BULK) and _PART.fullmatch(name) and name not in NO_ENTRIES
    return name if is_one else None


def door(entry: str | None) -> str:
    """Give the topic by which interactive jobs come: that of an entry, or the public one."""
    return "jobs.submitted" if entry is None else f"jobs.submitted.{entry}"


def required(lanes: Sequence[str], entries: Sequence[str] = ()) -> list[Topic]:
    """Give every topic that a deployment must have, dead letters and changelogs included.

    Args:
        lanes: names of the quota pools.
        entries: names of the entries beside the public one.

    Returns:
        The topics, each once, in the table's order.
    """
    names = [name for template in _ROWS if template != _CHANGELOG for name in _for_each(template, lanes, entries)]
    names += [f"{name}.dlq" for name in names if topic(name).dead_letters]
    for processor, stores in STORES.items():
        names += [f"{name}.{store}.changelog" for name in _for_each(processor, lanes) for store in stores]
    return [topic(name) for name in dict.fromkeys(names)]


def inputs(lanes: Sequence[str], entries: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Give what each processor reads in its group, by logical name.

    Args:
        lanes: names of the quota pools.
        entries: names of the entries beside the public one.
    """
    processors = [name for stored in STORES for name in _for_each(stored, lanes)]
    rows = [row for row in required(lanes, entries) if not (row.logical.endswith(".changelog") or row.broadcast)]
    return {name: tuple(row.logical for row in rows if name in row.readers) for name in processors}


def _for_each(name: str, lanes: Sequence[str], entries: Sequence[str] = ()) -> list[str]:
    for part, values in ((_LANE, lanes), (_ENTRY, entries)):
        if part in name:
            return [name.replace(part, value) for value in values]
    return [name]


def of_class(logical: str, job_class: JobClass) -> str:
    """Give the topic that carries a class of work, such as `steps.planned.bulk`.

    Args:
        logical: the topic of interactive work, of which there is a pair.
        job_class: of the work.
    """
    return logical if job_class == "interactive" else logical + _BULK


def physical(namespace: str, logical: str) -> str:
    """Give a topic's name on the cluster, such as `headchef.jobs.submitted.v1`."""
    return f"{namespace}.{logical}{_VERSION_SUFFIX}"


def logical(namespace: str, physical: str) -> str | None:
    """Give the logical name of a topic of this namespace, or None for any other topic."""
    name = physical.removeprefix(f"{namespace}.").removesuffix(_VERSION_SUFFIX)
    return name if len(physical) == len(namespace) + 1 + len(name) + len(_VERSION_SUFFIX) else None


@lru_cache(maxsize=1024)
def _key_reader(logical: str) -> Callable[[Event], str | None] | None:
    path = topic(logical).key
    return attrgetter(path) if path else None


def key_of(logical: str, event: Event) -> bytes | None:
    """Give the key of the record that carries an event.

    Args:
        logical: the topic it is written to.
        event: one of the topic's events.

    Returns:
        UTF-8 bytes, or None where the topic has no key or the event no value for it.
    """
    read = _key_reader(logical)
    value = None if read is None else read(event)
    return None if value is None else value.encode()
