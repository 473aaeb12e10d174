"""Bodies in an object store: a folder, S3, Google Cloud Storage, Azure, or memory, by the store's URL."""

import asyncio

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, ObjectStore, from_url

from headchef_contracts.events.common import Reference

from headchef.bodies.form import named
from headchef.bodies.keys import key_of
from headchef.bodies.port import BodyUnusable, StoreAway
from headchef.runtime.settings import BadSettings


class ObjectBodyStore:
    """Keeps bodies as objects.

    Args:
        objects: the store.
        timeout_s: for one request, with what it takes to connect.
    """

    def __init__(self, objects: ObjectStore, timeout_s: float) -> None:
        self._objects = objects
        self._timeout_s = timeout_s

    async def put(self, tenant: str, reference: Reference, data: bytes) -> None:
        """Keep a body; see `BodyStore`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._objects.put_async(key_of(tenant, reference), data)
        except (BaseError, OSError) as error:
            raise _away(error) from error

    async def get(self, tenant: str, reference: Reference) -> bytes:
        """Give a body; see `BodyStore`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._objects.get_async(key_of(tenant, reference))
                return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            message = f"{named(reference)} is not in the object store, or not of the tenant {tenant!r}"
            raise BodyUnusable("body_missing", message) from error
        except (BaseError, OSError) as error:
            raise _away(error) from error


def open_objects(url: str, timeout_s: float) -> ObjectBodyStore:
    """Open an object store; whether it can be reached is seen at the first body.

    Args:
        url: `file:///folder`, `s3://bucket/prefix` and so on.
        timeout_s: for one request.

    Raises:
        BadSettings: no store has such a URL.
    """
    try:
        if url.startswith("file:"):
            return ObjectBodyStore(LocalStore.from_url(url, mkdir=True), timeout_s)
        if url.startswith("memory:"):
            return ObjectBodyStore(from_url(url), timeout_s)
        # No options of the client: they would take the place of all those that the environment gives.
        return ObjectBodyStore(from_url(url, retry_config={"max_retries": 1}), timeout_s)
    except (BaseError, OSError, ValueError) as error:
        right = "file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
        raise BadSettings("HEADCHEF_BODIES", f"{_first_line(error)}; name a store as {right}") from error


def _away(error: Exception) -> StoreAway:
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return StoreAway(f"the object store refuses: {_first_line(error)}; see the credentials in the environment")
    told = "it takes longer than HEADCHEF_BODIES_TIMEOUT_S" if isinstance(error, TimeoutError) else _first_line(error)
    return StoreAway(f"the object store is away: {told}")


def _first_line(error: Exception) -> str:
    """Leave out what the library says of its own inside."""
    return next(iter(str(error).splitlines()), type(error).__name__)
