"""Turns Pydantic's findings about a record into one fault that names the field in its writer's own words."""

import math
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from headchef_contracts.errors import BrokenContract

_BRANCHES = {"Inline": "inline", "Ref": "ref"}
_LONGEST_SHOWN = 60
_WORDING = {
    "missing": "this field is required",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "tuple_type": "must be an array",
    "timezone_aware": "must carry a time zone, such as 2026-11-22T14:30:00Z",
    "datetime_type": "must be a date and time with its zone, such as 2026-11-22T14:30:00Z",
    "datetime_parsing": "must be a date and time with its zone, such as 2026-11-22T14:30:00Z",
    "datetime_from_date_parsing": "must be a date and time with its zone, such as 2026-11-22T14:30:00Z",
}
_SHOWN_VALUES = frozenset(
    {"literal_error", "string_pattern_mismatch", "timezone_aware", "datetime_parsing", "datetime_from_date_parsing"}
)


_AT_FIELD = "at_field"


def at_field(field: str, message: str) -> PydanticCustomError:
    """Make the fault of a field that depends on others, for a validator of the whole to raise.

    Args:
        field: its name, in the model that is validated.
        message: what would be right.
    """
    return PydanticCustomError(_AT_FIELD, "{message}", {"field": field, "message": message})


def explain(error: ValidationError, model: type[BaseModel], data: bytes) -> BrokenContract:
    """Give the first fault of a record.

    Args:
        error: what Pydantic found when it read `data` as `model`.
        model: the event that the record should have been.
        data: the record's value.

    Returns:
        The fault, to be raised: its field is a dotted path as the writer knows it, and its message says what is right.
    """
    details = error.errors(include_url=False)
    if details[0]["type"] == "json_invalid":
        return BrokenContract(None, f"not JSON: {details[0]['ctx']['error']}", "not_json")
    if not details[0]["loc"] and details[0]["type"] == "model_type":
        return BrokenContract(None, f"must be a JSON object, got {_kind(details[0]['input'])}", "not_an_object")
    value = from_json(data)
    faults = [(path, detail) for detail in details if (path := _path(detail, value)) is not None]
    path, detail = _most_telling(faults, model)
    return BrokenContract(".".join(part[:_LONGEST_SHOWN] for part in path) or None, _message(path, detail, model))


def _path(detail: ErrorDetails, value: Any) -> tuple[str, ...] | None:
    """Follow a location through the record; None for the branch of a union that the writer did not mean."""
    path: list[str] = []
    for part in detail["loc"]:
        if isinstance(value, dict) and part in _BRANCHES and part not in value:
            meant = "ref" if "ref" in value else "inline"
            if _BRANCHES[str(part)] != meant:
                return None
            continue
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        path.append(str(part))
    if detail["type"] == _AT_FIELD:
        path.append(detail["ctx"]["field"])
    return tuple(path)


def _most_telling(
    faults: list[tuple[tuple[str, ...], ErrorDetails]], model: type[BaseModel]
) -> tuple[tuple[str, ...], ErrorDetails]:
    """Prefer a misspelled field to the missing one that it was meant to be."""
    path, detail = faults[0]
    if detail["type"] == "missing":
        known = _fields(model, path[:-1])
        for other_path, other in faults:
            misplaced = other["type"] == "extra_forbidden" and other_path[:-1] == path[:-1]
            if misplaced and _nearest(other_path[-1], known) == path[-1]:
                return other_path, other
    return path, detail


def _message(path: tuple[str, ...], detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "missing":
        return _WORDING[kind]
    if kind == _AT_FIELD:
        return detail["msg"]
    if kind == "extra_forbidden":
        known = _fields(model, path[:-1])
        nearest = _nearest(path[-1], known)
        hint = f"did you mean `{nearest}`?" if nearest else f"known are {', '.join(known)}"
        return f"unknown field; {hint}"
    if kind == "too_long":
        return f"must have at most {detail['ctx']['max_length']} items; got {detail['ctx']['actual_length']}"
    right = _WORDING.get(kind) or _plain(detail["msg"])
    return f"{right}; got {_described(value)}" if kind in _SHOWN_VALUES else f"{right}; got {_kind(value)}"


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    for subject in ("Input should", "String should", "Tuple should", "Dictionary should"):
        message = message.replace(subject, "must")
    return message


def _nearest(name: str, known: list[str]) -> str | None:
    matches = get_close_matches(name, known, n=1) if len(name) <= _LONGEST_SHOWN else []
    return matches[0] if matches else None


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if not math.isfinite(value):
            return "NaN or Infinity"
        case int() | float():
            return f"the number {value!s:.{_LONGEST_SHOWN}}"
        case str():
            return "a string" if value else "an empty string"
        case dict():
            return "an object"
        case _:
            return "an array"


def _described(value: object) -> str:
    return f"{value[:_LONGEST_SHOWN]!r}" if isinstance(value, str) else _kind(value)


@lru_cache(maxsize=256)
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _fields(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """Give the names of the fields that the contract knows at a place in the record."""
    root = _schema(model)
    nodes = [root]
    for part in path:
        nodes = [child for node in _resolved(root, nodes) for child in _children(node, part)]
    return [name for node in _resolved(root, nodes) for name in node.get("properties", {})]


def _resolved(root: dict[str, Any], nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    resolved = []
    for node in nodes:
        if "$ref" in node:
            resolved += _resolved(root, [root["$defs"][node["$ref"].rsplit("/", 1)[1]]])
        elif "anyOf" in node:
            resolved += _resolved(root, node["anyOf"])
        else:
            resolved.append(node)
    return resolved


def _children(node: dict[str, Any], part: str) -> list[dict[str, Any]]:
    named = node.get("properties", {}).get(part)
    child = named if named is not None else node.get("additionalProperties", node.get("items"))
    return [child] if isinstance(child, dict) else []
