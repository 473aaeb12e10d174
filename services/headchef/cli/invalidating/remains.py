"""Says what is left of a tenant outside the cache after an erasure, and until when. Pure but for what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headchef_contracts import topics

OF_NOBODY = frozenset({"catalog", "workflows"})
"""Topics that name no tenant."""

_WITHOUT_END: Mapping[str, str] = {
    "brakes": "a brake that names it stays, as it was said last",
    "tenants": "its budget and entries stay, as they were set last",
    "answers.withdrawn": "hashes of its answers that were found wrong stay",
    "cache.bounds": "how often its reused answers were wrong stays, as a number",
    "cache.invalidated": "that it was erased, and what was invalidated of it, stays",
}
_WORK = "until its work has ended, and the log is compacted after that"
_ACCOUNTS = "sums of what it has spent and learnt, and values that it has reserved, until they are given back"

_BESIDE_TOPICS = (
    ("collections of texts", "what `headchef collection load` has put there stays"),
    (
        "files of caches",
        "bytes that nobody is given, until the cache starts again; on a Qdrant server by its rules",
    ),
    (
        "other embedders' collections",
        "questions of an embedder that was set before, until you delete them",
    ),
)


@dataclass(frozen=True, slots=True)
class Remains:
    """What one place has of the tenant.

    Attributes:
        where: a topic, or a store.
        until: when the last of it goes; None where no time ends it.
        why: what ends it instead.
    """

    where: str
    until: datetime | None
    why: str


def remaining(
    retentions: Mapping[str, float], there: Sequence[topics.Topic], bodies: str | None, now: datetime
) -> list[Remains]:
    """List what may have records of a tenant, those that are gone first before those that stay.

    Args:
        retentions: how long topics keep their records, in seconds, by logical name; those that keep for ever are not
            in it.
        there: the topics of the cluster.
        bodies: where large bodies lie; None where all are in events.
        now: the time; nothing is written of the tenant any more from then on.
    """
    found: list[Remains] = []
    for topic in there:
        if topic.logical in OF_NOBODY:
            continue
        kept_s = retentions.get(topic.logical)
        if kept_s is None:
            why = _WITHOUT_END.get(topic.logical, _ACCOUNTS if topic.logical.startswith("accounts.") else _WORK)
            found.append(Remains(topic.logical, None, why))
        else:
            # What is deleted are whole segments, when the newest of their records has expired.
            until = now + timedelta(seconds=kept_s, milliseconds=topic.segment_ms)
            found.append(Remains(topic.logical, until, f"kept for {kept_s / 86_400:g} days"))
    found.sort(key=lambda each: (each.until is None, each.until or now))
    if bodies is not None:
        why = "large bodies lie in a folder for each tenant, until the store's own rule for old ones deletes them"
        found.append(Remains(bodies, None, why))
    found += [Remains(where, None, why) for where, why in _BESIDE_TOPICS]
    return found
