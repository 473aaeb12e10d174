"""Reads the prompts and schemas that a workflow names, from the folder of its file and nowhere else."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headchef.schema import SchemaRefused, compile_schema

MAX_FILE_BYTES = 256 * 1024
"""Of a workflow file, a prompt or a schema: they are to be published together, in one record."""

_VERSION_LINE = re.compile(r"\{#-?\s*version:\s*([1-9][0-9]*)\s*-?#\}[ \t]*(\r?\n|\Z)")


class BadFile(Exception):
    """A file that a workflow names and that cannot be used.

    Args:
        path: the file.
        message: what is wrong, and what would be right.
        line: in the file, from 1; 0 where the whole is at fault.
    """

    def __init__(self, path: Path, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file.

    Attributes:
        path: of the file.
        text: the template, without the line that states the version.
    """

    path: Path
    text: str


def read_prompt(folder: Path, name: str) -> Prompt:
    """Read a prompt, which must state the version that it is asked for.

    Args:
        folder: of the workflow file.
        name: the file with its version, such as `prompts/outline.j2@4`.

    Raises:
        BadFile: not there, outside of the folder, not text, too large, or of another version.
    """
    file, _, version = name.rpartition("@")
    path = _within(folder, file)
    text = _text(path)
    stated = _VERSION_LINE.match(text)
    if stated is None:
        raise BadFile(path, f"does not say which version it is: let its first line be {{# version: {version} #}}", 1)
    if stated[1] != version:
        message = f"is version {stated[1]}, and the workflow names {name}: name the one that you mean"
        raise BadFile(path, message, 1)
    return Prompt(path, text[stated.end() :])


def read_schema(folder: Path, name: str) -> dict[str, Any]:
    """Read a JSON Schema.

    Args:
        folder: of the workflow file.
        name: with its version, such as `outline.v1`, which is the file `schemas/outline.v1.json`.

    Raises:
        BadFile: not there, outside of the folder, not text, too large, not JSON, or not a JSON Schema.
    """
    path = _within(folder, f"schemas/{name}.json")
    try:
        schema = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise BadFile(path, f"is not JSON: {error.msg}", error.lineno) from error
    except RecursionError as error:
        raise BadFile(path, "is nested too deep") from error
    if not isinstance(schema, dict):
        raise BadFile(path, "is not a JSON Schema: an object is wanted", 1)
    try:
        compile_schema(schema)
    except SchemaRefused as refused:
        raise BadFile(path, f"is not a usable JSON Schema: {refused}") from refused
    return schema


def _within(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BadFile(path, "lies outside of the workflow's folder; what a workflow uses lies beside it")
    return path


def read_bytes(path: Path) -> bytes:
    """Read one of a workflow's files, or the workflow file itself.

    Raises:
        BadFile: not there, or too large.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadFile(path, f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise BadFile(path, f"has more than {MAX_FILE_BYTES:,} bytes")
    return raw


def _text(path: Path) -> str:
    raw = read_bytes(path)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadFile(path, "is not UTF-8 text") from error
