"""What the output of each kind of step looks like to those that read it."""

from collections.abc import Mapping
from typing import Any, assert_never

from headchef.schema import ANYTHING, TEXT, Schema, Shape, shape_of
from headchef.workflow.form import StepEntry

_TEXT: Schema = {"type": "string"}


def _object(**properties: Schema) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


AUDITED = _object(
    score={"type": "number"},
    findings={"type": "array", "items": _object(check=_TEXT, path=_TEXT, message=_TEXT)},
)
"""What an audit gives: a score from 0 to 100, and what was found."""

RETRIEVED = _object(
    documents={"type": "array", "items": _object(id=_TEXT, text=_TEXT, score={"type": "number"}, sha256=_TEXT)}
)
"""What a retrieval gives: the nearest texts, the nearest first."""

ROWS = {"type": "array", "items": {"type": "object", "additionalProperties": _TEXT}}
"""What a CSV file gives: an object a row, whose fields are named by the first row."""


def output_of(step: StepEntry, schemas: Mapping[str, dict[str, Any]]) -> Shape:
    """Give the shape of what `steps.<id>` stands for.

    Args:
        step: the step.
        schemas: by name; one that could not be read is taken for anything.
    """
    one = output_of_one(step, schemas)
    return one if step.for_each is None else one.many()


def output_of_one(step: StepEntry, schemas: Mapping[str, dict[str, Any]]) -> Shape:
    """Give the shape of what a step makes, of each item where it is run for several; see `output_of`."""
    name = step.output.schema_name
    if name is not None:
        return shape_of(schemas[name]) if name in schemas else ANYTHING
    match step.kind:
        case "llm":
            return TEXT
        case "http":
            return _of_source(step)
        case "python" | "human":
            return ANYTHING
        case "retrieve":
            return shape_of(RETRIEVED)
        case "audit":
            return shape_of(AUDITED)
        case "reserve":
            return TEXT
        case _:
            raise AssertionError(f"the form knows the kind {step.kind}, and this table does not")


def _of_source(step: StepEntry) -> Shape:
    if step.http is None:
        raise AssertionError("asked for the source of a step that has none")
    match step.http.read_as:
        case "json":
            return ANYTHING
        case "text":
            return TEXT
        case "csv":
            return shape_of(ROWS)
        case _:
            assert_never(step.http.read_as)
