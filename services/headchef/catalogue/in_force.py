"""The catalogue that holds in this process: the last good one that was published, and until there is one the file's.

Whoever decides something takes the catalogue once and keeps it for that decision: it is replaced whole, never changed.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from headchef_contracts.events.catalog import CATALOG_NAME, CatalogPublished
from headchef_contracts.events.common import Event

from headchef.catalogue.errors import BadCatalogue
from headchef.catalogue.model import Catalogue
from headchef.catalogue.reading import read
from headchef.document import Fault, shown
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.settings import BadSettings
from headchef.runtime.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

TOPIC = "catalog"

_read = lru_cache(maxsize=16)(read)
"""Of all services of a process each takes what is published, and it need be read once: a catalogue never changes."""

Adopt = Callable[[Catalogue], Awaitable[None]]


class InForce:
    """Brings into force what is published, whole or not at all; and the file's where nothing is that can be used here.

    Args:
        file: the catalogue of the setting.
        processor: for the log and the gauges.
        adopt: awaited with a catalogue to use from then on. Raises `BadCatalogue` if this process cannot, and has then
            changed nothing.
        metrics: shows which version is in force, and which was refused.

    Attributes:
        version: of the catalogue in force; None until all has been read that was published before the start.
    """

    def __init__(self, file: Catalogue, processor: str, adopt: Adopt, metrics: Metrics) -> None:
        self.version: str | None = None
        self._file = file
        self._processor = processor
        self._adopt = adopt
        self._source = "file"
        self._refused: tuple[str, str] | None = None
        metrics.gauge("headchef.catalog.in_force", self._in_force)
        metrics.gauge("headchef.catalog.refused", self._refusal)

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take, self.settle)

    async def take(self, event: Event) -> None:
        """Bring a published catalogue into force.

        Raises:
            InvalidEvent: it cannot be used here, and the one in force stays.
        """
        if not isinstance(event, CatalogPublished):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of CatalogPublished")
        if event.name != CATALOG_NAME:
            _log.info("%s: the catalogue %r is passed over; %r is used", self._processor, event.name, CATALOG_NAME)
            return
        version = event.catalog_version
        if version != self.version:
            try:
                found = published(event, self._file.path.parent)
                await self._adopt(found)
            except BadCatalogue as error:
                faults = "; ".join(shown(error.path, fault) for fault in error.faults)
                self._refused = version, faults
                message = f"catalogue {version} cannot be used by {self._processor}: {faults}"
                raise InvalidEvent("bad_catalogue", None, message) from error
            before, self.version = self.version, version
            _log.info(
                "%s: catalogue %s of %s, published %s, is in force%s",
                *(self._processor, version, event.file, event.published_at.isoformat()),
                f", after {before}" if before else "",
            )
        self._refused, self._source = None, "published"

    async def settle(self) -> None:
        """Bring the file's catalogue into force, unless a published one is.

        Raises:
            BadSettings: this process can use neither.
        """
        if self.version is not None:
            return
        try:
            await self._adopt(self._file)
        except BadCatalogue as error:
            faults = "\n".join(shown(error.path, fault) for fault in error.faults)
            raise BadSettings("HEADCHEF_CATALOGUE", self._neither(faults)) from error
        self.version = self._file.version
        _log.info(
            "%s: catalogue %s of %s is in force until one is published",
            *(self._processor, self.version, self._file.path),
        )

    def _neither(self, faults: str) -> str:
        """Say of the file and of what is published why it does not do."""
        if self._refused is None:
            cure = "`headchef catalog apply FILE` publishes one"
            return f"{self._processor} cannot use this file, and no catalogue is published ({cure})\n{faults}"
        version, theirs = self._refused
        return f"{self._processor} can use neither this file nor the published catalogue {version}\n{faults}\n{theirs}"

    def _in_force(self) -> Iterable[tuple[float, Mapping[str, str]]]:
        if self.version is None:
            return []
        return [(1, {"processor": self._processor, "version": self.version, "source": self._source})]

    def _refusal(self) -> Iterable[tuple[float, Mapping[str, str]]]:
        return [(1, {"processor": self._processor, "version": self._refused[0]})] if self._refused else []


def published(event: CatalogPublished, folder: Path) -> Catalogue:
    """Read a catalogue as it was published.

    Args:
        event: holds the text.
        folder: from which a key file with a relative path is named; the text's own folder is on another machine.

    Raises:
        BadCatalogue: it is none, also where a newer program wrote it in a newer form.
    """
    path = Path(event.file)
    found = _read(event.text.encode(), path, folder)
    if found.version != event.catalog_version:
        said = f"is version {found.version}, and was published as {event.catalog_version}"
        raise BadCatalogue(path, (Fault(0, "", said),))
    return found
