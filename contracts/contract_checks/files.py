"""Checks schema files, examples and topic table against the registry: no orphan, no gap, every example valid."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs

from headchef_contracts.errors import ContractError
from headchef_contracts.json_schema import folder, schema_of
from headchef_contracts.registry import Registry
from headchef_contracts.topics import TEMPLATES, TOPICS

_REGISTER = "register its model in headchef_contracts/registry.py, or delete the file"


def orphans(registry: Registry, root: Path) -> Iterator[str]:
    """Find files without a model, and models without an example.

    Args:
        registry: the events.
        root: the folder that holds `schemas/`.

    Yields:
        What is wrong and what to do, a line each.
    """
    places = {root / folder(*key) for key in registry.models}
    for path in sorted((root / "schemas").rglob("*")):
        if path.is_dir():
            continue
        place = path.parent.parent if path.parent.name == "examples" else path.parent
        if place not in places:
            yield f"{path.relative_to(root)}: no model has this type and version; {_REGISTER}"
        elif path.suffix != ".json" or (path.parent.name != "examples" and path.name != "schema.json"):
            yield f"{path.relative_to(root)}: neither schema.json nor examples/<name>.json; move it or delete it"
    for place in sorted(places):
        if not any((place / "examples").glob("*.json")):
            yield f"{place.relative_to(root)}: no examples/*.json; add at least a minimal one and a full one"


def invalid_examples(registry: Registry, root: Path) -> Iterator[str]:
    """Find examples that model or JSON Schema refuse, or that do not come back equal when written again.

    Args:
        registry: the events.
        root: the folder that holds `schemas/`.

    Yields:
        What is wrong and what to do, a line each.
    """
    for (event_type, version), model in registry.models.items():
        validator = jsonschema_rs.Draft202012Validator(schema_of(model), validate_formats=True)
        for path in sorted((root / folder(event_type, version) / "examples").glob("*.json")):
            name, data = path.relative_to(root), path.read_bytes()
            try:
                event = registry.decode(event_type, version, data)
                if registry.decode(event.event_type, event.version, registry.encode(event)) != event:
                    yield f"{name}: is not the same after it was written and read again; mend the model"
            except ContractError as broken:
                yield f"{name}: the model refuses it: {broken}; mend the example"
                continue
            for error in validator.iter_errors(json.loads(data)):
                where = ".".join(map(str, error.instance_path)) or "the whole"
                yield f"{name}: the JSON Schema refuses it: {where}: {error.message}; mend the example or the model"


def unplaced_events(registry: Registry) -> Iterator[str]:
    """Find events that no topic carries, and topics that name an event that is not registered.

    Yields:
        What is wrong and what to do, a line each.
    """
    rows = [*TOPICS.values(), *TEMPLATES.values()]
    carried = {event_type for row in rows for event_type in row.events}
    for event_type in sorted(set(registry.newest) - carried):
        yield f"{event_type}: no topic carries it; name it under `events` in headchef_contracts/topics.toml"
    for event_type in sorted(carried - set(registry.newest)):
        yield f"topics.toml: `events` names {event_type}, which is not registered; register it, or mend the name"
