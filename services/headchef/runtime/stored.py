"""Reads what services keep in their stores: models that say of which version they are."""

from typing import Protocol, Self, TypeVar

from headchef.runtime.errors import UnknownVersion


class Versioned(Protocol):
    """A Pydantic model with the version of its form."""

    @property
    def v(self) -> int:
        """The version, from 1."""
        ...

    @classmethod
    def model_validate_json(cls, json_data: bytes, /) -> Self:
        """Read one."""
        ...


Model = TypeVar("Model", bound=Versioned)


def read_stored(model: type[Model], value: bytes, version: int, what: str) -> Model:
    """Read a model as it lies in a store.

    Args:
        model: that was written, as JSON.
        value: what was written.
        version: that this program knows.
        what: it is, for the message.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    read = model.model_validate_json(value)
    if read.v != version:
        raise UnknownVersion(f"{what} has version {read.v}; upgrade this program first")
    return read
