"""Bodies for code that may not wait: it asks for a value, and is run anew from its start where that is not there yet.

Pure but for what it remembers: the one who runs the code puts the values in, and lays down what the code sets aside.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from headchef_contracts.events.common import Reference

from headchef.bodies.form import MAX_BODY_BYTES, written_if_large
from headchef.bodies.kept import Key
from headchef.bodies.port import BodyUnusable
from headchef.runtime.errors import HeadchefError

NO_BODIES = "no object store is set: set HEADCHEF_BODIES for this process, or send it in the event itself"


class NotAtHand(HeadchefError):
    """Values are asked for that have to be read first.

    Args:
        wanted: by tenant and reference.
    """

    def __init__(self, wanted: Iterable[Key]) -> None:
        super().__init__("bodies are to be read first")
        self.wanted = tuple(wanted)


class SetAside(NamedTuple):
    """A body that is to be laid down before what names it is written."""

    tenant: str
    reference: Reference
    data: bytes


class BodiesAtHand:
    """What is at hand while one delivery is handled.

    Args:
        inline_bytes: larger values are to be set aside; None where no store is set, and all stays where it is.
    """

    def __init__(self, inline_bytes: int | None = None) -> None:
        self._inline_bytes = inline_bytes
        self._values: Mapping[Key, Any] = {}
        self._aside: list[SetAside] = []

    @property
    def max_bytes(self) -> int | None:
        """How large a value may be that is set aside; None where none can be."""
        return None if self._inline_bytes is None else MAX_BODY_BYTES

    def lay_out(self, values: Mapping[Key, Any]) -> None:
        """Begin anew, with these at hand; one that cannot be had is there as the error that says why."""
        self._values = values
        self._aside = []

    def taken_aside(self) -> list[SetAside]:
        """Give what was set aside since then."""
        aside, self._aside = self._aside, []
        return aside

    @property
    def count(self) -> int:
        """How many values are at hand."""
        return len(self._values)

    def has(self, tenant: str, reference: Reference) -> bool:
        """Say whether a value is there, or why it cannot be had."""
        return (tenant, reference) in self._values

    def need(self, tenant: str, references: Iterable[Reference]) -> None:
        """Ask for several values at once, before they are used.

        Raises:
            NotAtHand: some have to be read first.
            BodyUnusable: no store is set.
        """
        missing = [(tenant, each) for each in references if not self.has(tenant, each)]
        if not missing:
            return
        if self._inline_bytes is None:
            raise BodyUnusable("no_bodies", NO_BODIES)
        raise NotAtHand(missing)

    def value(self, tenant: str, reference: Reference) -> Any:
        """Give a value; nobody may change it.

        Raises:
            NotAtHand: it has to be read first.
            BodyUnusable: it cannot be had.
        """
        self.need(tenant, (reference,))
        found = self._values[tenant, reference]
        if isinstance(found, BodyUnusable):
            raise found
        return found

    def reference(self, tenant: str, value: Any) -> Reference | None:
        """Set a large value aside, and give what it is called by; None if it may stay where it is."""
        if self._inline_bytes is None or (found := written_if_large(value, self._inline_bytes)) is None:
            return None
        self._aside.append(SetAside(tenant, *found))
        return found[0]
