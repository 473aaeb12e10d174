"""Says which changes to published versions may not land, what to do instead, and who must deploy first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headchef_contracts.json_schema import folder, schema_of
from headchef_contracts.registry import Registry
from headchef_contracts.topics import TEMPLATES, TOPICS

from contract_checks.baseline import Version
from contract_checks.compatibility import differences


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for the developer; `fails` says whether the check fails for it."""

    fails: bool
    text: str


def notices(registry: Registry, published: Mapping[Version, dict[str, Any]]) -> Iterator[Notice]:
    """Compare the models with what was published.

    Args:
        registry: the events as they are now.
        published: the schemas as they were, by event type and version.

    Yields:
        A notice for each difference, and for each version that is new: it must be held back.
    """
    for (event_type, version), old in sorted(published.items()):
        model = registry.models.get((event_type, version))
        if model is None:
            place = folder(event_type, version)
            remedy = f"put its model, upcaster and {place}/ back: records of it may still lie in topics"
            yield Notice(True, f"{event_type} version {version} was deleted; {remedy}")
            continue
        for found in differences(old, schema_of(model)):
            head = f"{event_type} version {version}: {found.path or 'the whole'}: {found.what}"
            remedy = _instead(event_type, version) if found.breaks else f"fits; {_order(event_type)}"
            yield Notice(found.breaks, f"{head}; {remedy}")
    for event_type, version in sorted(set(registry.models) - set(published)):
        if published and version > 1:
            yield _new(event_type, version, held_back=(event_type, version) in registry.downcasters)


def _new(event_type: str, version: int, *, held_back: bool) -> Notice:
    head = f"{event_type} version {version} is new"
    if held_back:
        return Notice(False, f"{head} and held back: deploy in any order, and write it a release later")
    remedy = (
        f"hold it back: a downcaster from {version} in headchef_contracts/registry.py until the next release, or "
        "processes of the release before this one halt at it"
    )
    return Notice(True, f"{head}, and would be written at once; {remedy}")


def _instead(event_type: str, version: int) -> str:
    return (
        f"a published version never changes: undo it, or add version {version + 1} with an upcaster from {version} "
        f"and a downcaster to it in headchef_contracts/registry.py, so that it is read a release before it is written"
    )


def _order(event_type: str) -> str:
    rows = [row for row in (*TOPICS.values(), *TEMPLATES.values()) if event_type in row.events]
    readers = ", ".join(dict.fromkeys(name for row in rows for name in row.readers)) or "its readers"
    writers = ", ".join(dict.fromkeys(name for row in rows for name in row.writers)) or "its writers"
    return f"deploy who reads it first ({readers}), then who writes it ({writers})"
