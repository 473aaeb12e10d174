"""One JSON Schema, compiled: the only place that knows jsonschema-rs. Nothing is ever fetched."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, NoReturn

import jsonschema_rs

from headchef_contracts.events.common import Finding

from headchef.runtime.errors import HeadchefError
from headchef.schema.nesting import depth_of
from headchef.schema.size import size_of

MAX_DEPTH = 64
"""Levels of nesting in a schema or an answer. Pydantic's JSON reader gives up at 200, with the event around them."""

MAX_REFERRING_OBJECTS = 2_000
"""Objects in a schema with references. See `_MAX_FRAMES`."""

_MAX_FRAMES = 20_000
"""The library recurses, and dies of a stack overflow at 45,000 steps on a stack of 8 MB (measured, 0.60): one step for
each object of the schema that applies in place, at each level of the answer, where references make a circle."""

MAX_UNFOLDED_OBJECTS = 100_000
"""Objects in a schema with its references written out: alternatives that name each other double the work each time."""

_MAX_PATH_CHARACTERS = 300


class SchemaRefused(HeadchefError):
    """A schema that cannot be used.

    Args:
        path: where in the schema, dotted; empty for the whole.
        message: what is wrong with it.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


class CompiledSchema:
    """A schema that answers can be held against.

    Args:
        validator: the library's compiled form.
        kinds: JSON types that the whole answer may have, such as `object`; empty where the schema does not say.
        max_depth: levels of nesting that an answer may have.
    """

    def __init__(self, validator: jsonschema_rs.Validator, kinds: frozenset[str], max_depth: int) -> None:
        self._validator = validator
        self.kinds = kinds
        self.max_depth = max_depth

    def findings(self, value: Any, *, max_findings: int, max_message_characters: int) -> tuple[Finding, ...]:
        """Give what the schema finds in a value.

        Args:
            value: parsed JSON, nested no deeper than `max_depth`.
            max_findings: no more than this many are looked for.
            max_message_characters: longer messages are cut.

        Returns:
            Nothing if the value is valid.
        """
        if self._validator.is_valid(value):
            return ()
        errors = islice(self._validator.iter_errors(value), max_findings)
        return tuple(
            Finding(
                check="schema",
                path=pointer_of(error.instance_path),
                message=_cut(error.message, max_message_characters),
            )
            for error in errors
        )


def compile_schema(schema: dict[str, Any]) -> CompiledSchema:
    """Compile a schema of the draft that `$schema` names, 2020-12 if it names none.

    Args:
        schema: a JSON Schema. References must stay within it, or lead to the published meta-schemas.

    Raises:
        SchemaRefused: it is not a valid JSON Schema, leads elsewhere, or is nested or entangled too much.
    """
    if depth_of(schema, MAX_DEPTH) > MAX_DEPTH:
        raise SchemaRefused("", f"nested deeper than {MAX_DEPTH} levels")
    size = size_of(schema)
    if size.refers and size.objects > MAX_REFERRING_OBJECTS:
        raise SchemaRefused("", f"has {size.objects} objects; with references at most {MAX_REFERRING_OBJECTS} will do")
    if size.unfolded > MAX_UNFOLDED_OBJECTS:
        raise SchemaRefused("", f"with its references written out it has more than {MAX_UNFOLDED_OBJECTS} objects")
    try:
        validator = jsonschema_rs.validator_for(schema, retriever=_never_fetch, validate_formats=True)
    except jsonschema_rs.ValidationError as error:
        raise SchemaRefused(".".join(str(part) for part in error.instance_path), _cut(error.message, 500)) from error
    except ValueError as error:
        raise SchemaRefused("", _cut(str(error), 500)) from error
    depth = min(MAX_DEPTH, _MAX_FRAMES // size.objects) if size.refers else MAX_DEPTH
    return CompiledSchema(validator, _kinds(schema), depth)


def _never_fetch(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is not part of this schema, and nothing is fetched: put it under $defs")


def _kinds(schema: dict[str, Any]) -> frozenset[str]:
    named = schema.get("type")
    return frozenset([named] if isinstance(named, str) else named or ())


def pointer_of(path: Iterable[str | int]) -> str:
    """Write a path, of fields and numbers of items, as a JSON pointer (RFC 6901); a long one is cut."""
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    return _cut(pointer, _MAX_PATH_CHARACTERS)


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
