"""How what the cache keeps can be chosen in Qdrant: by its id, and by fields of its payload that filters go by."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from headchef_contracts.events.semantic import Marks

from headchef.cache.selection import Kept, Selection
from headchef.qdrant.where import Equal, Where


def point_id(fingerprint: str) -> UUID:
    """Give the point of a fingerprint: its first 16 bytes, so that putting twice is putting once."""
    return UUID(hex=fingerprint[:32])


def write_marks(kept: Kept) -> dict[str, Any]:
    """Give the fields of a payload that say when something was asked and what it was made from, where there are any."""
    fields: dict[str, Any] = {}
    if kept.planned_at is not None:
        fields["planned_at_s"] = kept.planned_at.timestamp()
    if (marks := kept.marks) is not None:
        fields |= {
            name: value
            for name, value in (
                ("tags", list(marks.tags)),
                ("template", marks.template),
                ("sources", list(marks.sources)),
                ("more_sources", marks.more_sources),
            )
            if value
        }
    return fields


def read_marks(payload: Mapping[str, Any]) -> tuple[datetime | None, Marks | None]:
    """Give when something was asked and what it was made from, each None where the payload does not say.

    Raises:
        ValueError: it says something else; likewise TypeError and OverflowError.
    """
    planned_at_s = payload.get("planned_at_s")
    planned_at = None if planned_at_s is None else datetime.fromtimestamp(planned_at_s, UTC)
    said = {name: payload[name] for name in ("tags", "template", "sources", "more_sources") if name in payload}
    return planned_at, Marks.model_validate(said) if said else None


def where_of(selection: Selection) -> Where:
    """Say a selection as conditions on points."""
    said = (
        ("tenant", selection.tenant),
        ("tags", selection.tag),
        ("template", selection.template),
        ("sources", selection.source),
    )
    equal: dict[str, Equal] = {name: value for name, value in said if value is not None}
    fingerprints, planned, expired = selection.fingerprints, selection.planned_until, selection.expired_by
    return Where(
        ids=None if fingerprints is None else [point_id(each) for each in fingerprints],
        equal=equal,
        among={} if fingerprints is None else {"fingerprint": fingerprints},
        until={} if expired is None else {"expires_at_s": expired.timestamp()},
        until_or_absent={} if planned is None else {"planned_at_s": planned.timestamp()},
        erasure=selection.erasure,
    )
