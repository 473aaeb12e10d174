"""Reads what answers must look like from the files that `submit` is given: a schema, and checks."""

from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from headchef_contracts.events.output import CheckSpec

from headchef.checks import faults_in, installed
from headchef.cli.faults import WrongUsage
from headchef.document import Unreadable, messages_of, read_document, shown
from headchef.schema import TEXT, SchemaRefused, compile_schema, shape_of
from headchef.template import templates_in


def output_of(schema: Path | None, checks: Path | None, repairs: int | None) -> dict[str, Any]:
    """Give what jobs say of their output.

    Args:
        schema: file of a JSON Schema.
        checks: YAML or JSON file with a list of checks.
        repairs: how often another answer may be asked for.

    Returns:
        The field `output` of jobs; empty where nothing is said.

    Raises:
        WrongUsage: a file that cannot be used; names the option, the place in the file and what would be right.
    """
    read = None if schema is None else _schema(schema)
    found: dict[str, Any] = {} if read is None else {"schema": read}
    if checks is not None:
        found["checks"] = _checks(checks, read)
    if repairs is not None:
        found["repairs"] = repairs
    return found


def text_of(path: Path, option: str) -> str:
    """Read a file that an option names. Raises WrongUsage where it is not UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{option}: {path} is not UTF-8", "save the file as UTF-8") from error


def _schema(path: Path) -> dict[str, Any]:
    try:
        schema = orjson.loads(text_of(path, "--schema"))
    except orjson.JSONDecodeError as error:
        raise WrongUsage(f"--schema: {path}, line {error.lineno}, column {error.colno}: {error.msg}") from error
    if not isinstance(schema, dict):
        raise WrongUsage(f"--schema: {path} holds no JSON object", 'a JSON Schema starts with {"type": "object", …}')
    try:
        compile_schema(schema)
    except SchemaRefused as refused:
        raise WrongUsage(f"--schema: {path}, at {refused.path or 'the whole'}: {refused.message}") from refused
    return schema


def _checks(path: Path, schema: dict[str, Any] | None) -> list[dict[str, Any]]:
    try:
        document = read_document(text_of(path, "--checks").encode())
    except Unreadable as unreadable:
        raise WrongUsage(f"--checks: {shown(path, unreadable.fault)}") from unreadable
    checks = document.data
    if not isinstance(checks, list) or not all(isinstance(each, dict) for each in checks):
        raise WrongUsage(f"--checks: {path} is no list of checks", "write: [{check: chars, path: title, max: 60}]")
    shape = TEXT if schema is None else shape_of(schema)
    faults = list(document.faults)
    for number, asked in enumerate(checks):
        try:
            CheckSpec.model_validate(asked)
        except ValidationError as error:
            faults += [document.fault((number, *place), message) for place, message in messages_of(error, CheckSpec)]
            continue
        later = {name for name, value in asked.items() if templates_in(value)}
        faults += [
            document.fault((number, *place), message)
            for place, message in faults_in(asked, installed(), shape, later=later)
        ]
    if faults:
        raise WrongUsage("--checks: " + "\n".join(shown(path, fault) for fault in faults))
    return checks
