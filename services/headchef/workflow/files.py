"""Reads the prompts and schemas that a workflow names: from its folder, or as they were published with it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from headchef.schema import SchemaRefused, compile_schema

MAX_FILE_BYTES = 256 * 1024
"""Of a workflow file, a prompt or a schema: they are to be published together, in one record."""

_T = TypeVar("_T")
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
        whole: what it holds.
        text: the template, without the line that states the version.
    """

    path: Path
    whole: str
    text: str


class Beside(Protocol):
    """Where the files lie that a workflow names."""

    def prompt(self, name: str) -> Prompt:
        """Read a prompt, which must state the version that it is asked for.

        Args:
            name: the file with its version, such as `prompts/outline.j2@4`.

        Raises:
            BadFile: not there, outside of the folder, not text, too large, or of another version.
        """
        ...

    def schema(self, name: str) -> dict[str, Any]:
        """Read a JSON Schema.

        Args:
            name: with its version, such as `outline.v1`, which is the file `schemas/outline.v1.json`.

        Raises:
            BadFile: not there, outside of the folder, not text, too large, not JSON, or not a JSON Schema.
        """
        ...


class Folder:
    """The folder of a workflow file, and nothing outside of it.

    Args:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def prompt(self, name: str) -> Prompt:
        """Read a prompt; see `Beside`."""
        path = _within(self._path, name.rpartition("@")[0])
        return _prompt(path, name, _text(path))

    def schema(self, name: str) -> dict[str, Any]:
        """Read a JSON Schema; see `Beside`."""
        path = _within(self._path, _schema_file(name))
        try:
            schema = json.loads(_text(path))
        except json.JSONDecodeError as error:
            raise BadFile(path, f"is not JSON: {error.msg}", error.lineno) from error
        except RecursionError as error:
            raise BadFile(path, "is nested too deep") from error
        return _schema(path, schema)


class Packed:
    """What was published with a workflow.

    Args:
        prompts: whole files, by their names with versions.
        schemas: by their names with versions.
    """

    def __init__(self, prompts: Mapping[str, str], schemas: Mapping[str, dict[str, Any]]) -> None:
        self._prompts = prompts
        self._schemas = schemas

    def prompt(self, name: str) -> Prompt:
        """Give a prompt; see `Beside`."""
        path = Path(name.rpartition("@")[0])
        return _prompt(path, name, _packed(self._prompts, name, path))

    def schema(self, name: str) -> dict[str, Any]:
        """Give a JSON Schema; see `Beside`."""
        path = Path(_schema_file(name))
        return _schema(path, _packed(self._schemas, name, path))


def _packed(files: Mapping[str, _T], name: str, path: Path) -> _T:
    if name not in files:
        raise BadFile(path, "was not published with the workflow")
    return files[name]


def _schema_file(name: str) -> str:
    return f"schemas/{name}.json"


def _prompt(path: Path, name: str, text: str) -> Prompt:
    version = name.rpartition("@")[2]
    stated = _VERSION_LINE.match(text)
    if stated is None:
        raise BadFile(path, f"does not say which version it is: let its first line be {{# version: {version} #}}", 1)
    if stated[1] != version:
        message = f"is version {stated[1]}, and the workflow names {name}: name the one that you mean"
        raise BadFile(path, message, 1)
    return Prompt(path, text, text[stated.end() :])


def _schema(path: Path, schema: Any) -> dict[str, Any]:
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
