"""Reads the file of collections: checks it whole, and names every fault with file, line and field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from headchef.document import Fault, Unreadable, faults_of, read_document, shown
from headchef.retrieval.form import CollectionEntry, CollectionsFile
from headchef.runtime.settings import BadSettings

SETTING = "HEADCHEF_COLLECTIONS"


class RetrievalSettings(BaseSettings):
    """Where collections are described; `HEADCHEF_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADCHEF_", frozen=True, extra="ignore")

    collections: Path | None = Field(
        default=None, description="the YAML file of the collections that workflows may look into; unset: there are none"
    )

    @field_validator("collections", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        # What a compose file passes on from an unset variable is an empty text.
        return None if value == "" else value


class BadCollections(BadSettings):
    """A file of collections that cannot be used; after its first line the text has one line a fault.

    Args:
        path: the file.
        faults: at least one, in the order of their lines.
    """

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        lines = "\n".join(shown(path, fault) for fault in faults)
        super().__init__(SETTING, f"the collections cannot be used\n{lines}")
        self.path = path
        self.faults = faults


def load(path: Path) -> Mapping[str, CollectionEntry]:
    """Read and check a file. No environment variable and no secret is read here.

    Args:
        path: of the YAML file.

    Returns:
        The collections by name.

    Raises:
        BadCollections: lists every fault with its line and field, and what would be right.
    """
    try:
        document = read_document(path.read_bytes())
    except OSError as error:
        raise BadCollections(path, (Fault(0, "", f"cannot be read: {error.strerror}"),)) from error
    except Unreadable as error:
        raise BadCollections(path, (error.fault,)) from error
    faults = list(document.faults)
    if not isinstance(document.data, dict):
        raise BadCollections(path, (*faults, Fault(1, "", "is not a mapping with the field collections")))
    try:
        file = CollectionsFile.model_validate(document.data)
    except ValidationError as error:
        faults += faults_of(error, CollectionsFile, document)
        raise BadCollections(path, tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))) from error
    if faults:
        raise BadCollections(path, tuple(faults))
    return file.collections


class Keyed(Protocol):
    """Names where a key is."""

    @property
    def api_key_env(self) -> str | None:
        """The environment variable."""
        ...

    @property
    def api_key_file(self) -> str | None:
        """The file."""
        ...


def key_of(keyed: Keyed, field: str, path: Path, environment: Mapping[str, str]) -> SecretStr | None:
    """Read a key.

    Args:
        keyed: names where it is.
        field: dotted, for the message.
        path: of the file of collections; a relative path of a key is from its folder.
        environment: has the variable.

    Returns:
        None where none is named.

    Raises:
        BadCollections: it is named, and not there. The message never holds it.
    """
    if keyed.api_key_env is not None:
        key = environment.get(keyed.api_key_env, "").strip()
        field, message = f"{field}.api_key_env", f"environment variable {keyed.api_key_env} is not set"
    elif keyed.api_key_file is not None:
        file = path.parent / keyed.api_key_file
        try:
            key = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            key = ""
        field, message = f"{field}.api_key_file", f"{file} cannot be read or is empty"
    else:
        return None
    if not key:
        raise BadCollections(path, (Fault(0, field, f"{message}; it holds the API key"),))
    if not (key.isascii() and key.isprintable()):
        message = "the API key holds characters that cannot stand in an HTTP header"
        raise BadCollections(path, (Fault(0, field, message),))
    return SecretStr(key)
