"""Lays down the large bodies of events, and gets those that events name, for one process."""

import logging
from collections import OrderedDict
from typing import Any, Literal

from pydantic import BaseModel

from headchef_contracts.events.common import Body, Event, Inline, Ref, Reference

from headchef.bodies.form import MAX_BODY_BYTES, named, read, written_if_large
from headchef.bodies.kept import Kept, Key
from headchef.bodies.places import bodies_in, changed, tenant_of
from headchef.bodies.port import BodyStore, BodyUnusable, StoreAway
from headchef.runtime.backoff import Backoff
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1
_FRESH_S = 3600.0
"""So long after a body was put it is not put again. The store's own rule for old objects counts in days."""

_MOST_FRESH = 10_000


class Bodies:
    """Reads and writes bodies.

    Args:
        store: where they lie.
        inline_bytes: larger ones do not stay in events.
        kept_bytes: of values that are kept in memory.
        clock: for pauses.
        metrics: counts bodies, and what went wrong.

    Attributes:
        inline_bytes: as given.
    """

    def __init__(self, store: BodyStore, *, inline_bytes: int, kept_bytes: int, clock: Clock, metrics: Metrics) -> None:
        self.inline_bytes = inline_bytes
        self._store = store
        self._kept = Kept(kept_bytes)
        self._fresh: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._clock = clock
        self._metrics = metrics
        self._is_away = False

    async def get(self, tenant: str, reference: Reference) -> Any:
        """Give the value of a body; nobody may change it.

        Args:
            tenant: whose it is.
            reference: names it.

        Raises:
            BodyUnusable: it is not there, or not what the reference says.
            StoreAway: the store cannot be reached just now.
        """
        key: Key = (tenant, reference)
        if key in self._kept:
            return self._kept.get(key)
        if reference.bytes > MAX_BODY_BYTES:
            message = f"{named(reference)} is too large: at most {MAX_BODY_BYTES:,} bytes are taken"
            raise BodyUnusable("body_too_large", message)
        try:
            value = read(reference, await self._store.get(tenant, reference))
        except StoreAway as error:
            self._note_away(error, "get")
            raise
        except BodyUnusable as error:
            self._metrics.count("headchef.bodies.faults", attributes={"operation": "get", "reason": error.reason})
            raise
        self._note_back()
        self._metrics.count("headchef.bodies.read")
        self._kept.keep(key, value)
        return value

    async def put(self, tenant: str, reference: Reference, data: bytes) -> None:
        """Lay a body down, however long it takes: what was decided or paid for is not to be decided or paid again."""
        place = (tenant, reference.sha256)
        if self._fresh.get(place, float("-inf")) + _FRESH_S > self._clock.monotonic():
            return
        backoff = Backoff(_FIRST_PAUSE_S)
        while True:
            try:
                await self._store.put(tenant, reference, data)
                break
            except StoreAway as error:
                self._note_away(error, "put")
                await self._clock.sleep(backoff.pause_s())
        self._note_back()
        self._metrics.count("headchef.bodies.written")
        self._fresh[place] = self._clock.monotonic()
        self._fresh.move_to_end(place)
        if len(self._fresh) > _MOST_FRESH:
            self._fresh.popitem(last=False)

    async def opened(self, event: Event, leave: type[BaseModel] | None = None) -> Event:
        """Give an event with values in the places of references; one whose body cannot be used stays a reference.

        Args:
            event: as it was read.
            leave: parts of this kind stay as they are.

        Raises:
            StoreAway: the store cannot be reached just now.
        """
        tenant = tenant_of(event)
        if tenant is None:
            return event
        values: dict[Reference, Inline] = {}
        for body in bodies_in(event, leave):
            if isinstance(body, Ref) and body.ref not in values:
                try:
                    values[body.ref] = Inline(inline=await self.get(tenant, body.ref))
                except BodyUnusable as error:
                    _log.warning("%s: %s", type(event).__name__, error)

        def open_(body: Body) -> Body:
            return values.get(body.ref, body) if isinstance(body, Ref) else body

        return changed(event, open_, leave) if values else event

    async def closed(self, event: Event) -> Event:
        """Give an event with references in the places of large bodies, which have been laid down then."""
        tenant = tenant_of(event)
        if tenant is None:
            return event
        references: dict[int, Ref] = {}  # by the identity of values, which the event keeps in memory
        for body in bodies_in(event):
            if isinstance(body, Inline) and (found := written_if_large(body.inline, self.inline_bytes)) is not None:
                reference, data = found
                await self.put(tenant, reference, data)
                references[id(body.inline)] = Ref(ref=reference)

        def close(body: Body) -> Body:
            return references.get(id(body.inline), body) if isinstance(body, Inline) else body

        return changed(event, close) if references else event

    def _note_away(self, error: StoreAway, operation: Literal["get", "put"]) -> None:
        self._metrics.count("headchef.bodies.faults", attributes={"operation": operation, "reason": "away"})
        if not self._is_away:
            self._is_away = True
            _log.warning("large bodies wait, and are tried again until the store is back: %s", error)

    def _note_back(self) -> None:
        if self._is_away:
            self._is_away = False
            _log.warning("the object store is back")
