"""The port to an object store, and what can go wrong with it."""

from typing import Protocol

from headchef_contracts.events.common import Reference

from headchef.runtime.errors import InvalidEvent, TransientError


class StoreAway(TransientError):
    """The store cannot be reached, or does not answer, just now."""


class BodyUnusable(InvalidEvent):
    """A body that a reference names cannot be had, now or later; the message says why.

    Args:
        reason: `body_missing`, `body_damaged`, `body_too_large`, or `no_bodies` where no store is set.
        message: what is wrong, and what would be right.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, None, message)


class BodyStore(Protocol):
    """Keeps bodies by tenant and hash. Nobody finds those of another tenant."""

    async def put(self, tenant: str, reference: Reference, data: bytes) -> None:
        """Keep a body; one that is there is put again, and is newer then.

        Args:
            tenant: whose it is.
            reference: names it; it is that of the data.
            data: the body.

        Raises:
            StoreAway: the store cannot be reached just now; it may have been kept.
        """
        ...

    async def get(self, tenant: str, reference: Reference) -> bytes:
        """Give a body as it lies there; nobody has looked yet whether it is the one that was put.

        Args:
            tenant: whose it is.
            reference: names it.

        Raises:
            BodyUnusable: this tenant has no such body.
            StoreAway: the store cannot be reached just now.
        """
        ...
