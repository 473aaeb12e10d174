"""A question that waits for money: what it goes on with when there is some, as it is stored. Pure."""

from datetime import datetime
from typing import Any

from headchef_contracts import registry
from headchef_contracts.events.budgets import Amount
from headchef_contracts.events.common import Cause, Event, Part

from headchef.runtime.stored import read_stored

PARKED = "parked"

_VERSION = 1


class _Line(Part):
    v: int = _VERSION
    type: str
    version: int
    at: datetime
    need: Amount
    cause: Cause
    identity: str | None = None


class Parked(Part):
    """A question.

    Attributes:
        event: the plan that was to be published; or, of a step that was judged and is planned again, its verdict.
        at: since when it waits.
        need: what it is expected to take.
        cause: the record that it came by.
        identity: of the plan that was to be published, if that had one.
    """

    event: Any
    at: datetime
    need: Amount
    cause: Cause
    identity: str | None = None

    def written(self) -> bytes:
        """Give it as it is stored: a line about it, and the event as it goes through topics."""
        event: Event = self.event
        written = registry.write(event)
        line = _Line(
            type=event.event_type,
            version=written.version,
            at=self.at,
            need=self.need,
            cause=self.cause,
            identity=self.identity,
        )
        return line.model_dump_json().encode() + b"\n" + written.data


def read_parked(value: bytes) -> Parked:
    """Read what `Parked.written` gave.

    Raises:
        UnknownVersion: a newer program wrote it.
    """
    head, _, data = value.partition(b"\n")
    line = read_stored(_Line, head, _VERSION, "a question that waits")
    event = registry.decode(line.type, line.version, data)
    return Parked(event=event, at=line.at, need=line.need, cause=line.cause, identity=line.identity)


def parked_key(tenant: str, number: int) -> bytes:
    """Name a question that waits."""
    return f"{tenant}\0{number}".encode()
