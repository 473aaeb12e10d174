"""The JSON Schema of each published version, from its model; and where schemas and examples lie."""

import json
from pathlib import PurePosixPath
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from headchef_contracts.cloudevents import dataschema
from headchef_contracts.events.common import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _WithoutTitles(GenerateJsonSchema):
    """Titles repeat the names of the fields, and would be noise in every diff."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def folder(event_type: str, version: int) -> PurePosixPath:
    """Give where a version's `schema.json` and `examples/` lie, relative to the package."""
    return PurePosixPath("schemas", event_type, str(version))


def schema_of(model: type[Event]) -> dict[str, Any]:
    """Give the JSON Schema of what a model accepts on the wire."""
    schema = model.model_json_schema(by_alias=True, mode="validation", schema_generator=_WithoutTitles)
    return {"$schema": DIALECT, "$id": dataschema(model.event_type, model.version), **schema}


def as_text(document: Any) -> str:
    """Write a generated document as it is committed: indented, in its own order, with a newline at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
