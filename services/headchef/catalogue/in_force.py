"""The catalogue that holds in this process: the last good one that was published, and until there is one the file's.

Whoever decides something takes `catalogue` once and keeps it for that decision: it is replaced whole, never changed.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from headchef_contracts.events.catalog import CATALOG_NAME, CatalogPublished
from headchef_contracts.events.common import Event

from headchef.catalogue.errors import BadCatalogue, Fault, shown
from headchef.catalogue.model import Catalogue
from headchef.catalogue.reading import read
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.processor import Broadcast
from headchef.runtime.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

TOPIC = "catalog"

Adopt = Callable[[Catalogue], Awaitable[None]]


class InForce:
    """Takes up what is published, whole or not at all.

    Args:
        file: the catalogue of the setting, already in use.
        processor: for the log and the gauges.
        adopt: awaited with a catalogue just before it comes into force, to use it from then on. Raises
            `BadCatalogue` if this process cannot, and has then changed nothing.
        metrics: shows which version is in force, and which was refused.

    Attributes:
        catalogue: the one in force.
    """

    def __init__(self, file: Catalogue, processor: str, adopt: Adopt, metrics: Metrics) -> None:
        self.catalogue = file
        self._folder = file.path.parent
        self._processor = processor
        self._adopt = adopt
        self._source = "file"
        self._refused: str | None = None
        metrics.gauge("headchef.catalog.in_force", self._in_force)
        metrics.gauge("headchef.catalog.refused", self._refusal)
        _log.info("%s: catalogue %s of %s is in force until one is published", processor, file.version, file.path)

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take)

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
        if version != self.catalogue.version:
            try:
                found = published(event, self._folder)
                await self._adopt(found)
            except BadCatalogue as error:
                self._refused = version
                faults = "; ".join(shown(error.path, fault) for fault in error.faults)
                message = f"catalogue {version} cannot be used by {self._processor}: {faults}"
                raise InvalidEvent("bad_catalogue", None, message) from error
            before, self.catalogue = self.catalogue.version, found
            _log.info(
                "%s: catalogue %s of %s, published %s, is in force, after %s",
                *(self._processor, version, event.file, event.published_at.isoformat(), before),
            )
        self._refused, self._source = None, "published"

    def _in_force(self) -> Iterable[tuple[float, Mapping[str, str]]]:
        about = {"processor": self._processor, "version": self.catalogue.version, "source": self._source}
        return [(1, about)]

    def _refusal(self) -> Iterable[tuple[float, Mapping[str, str]]]:
        return [(1, {"processor": self._processor, "version": self._refused})] if self._refused else []


def published(event: CatalogPublished, folder: Path) -> Catalogue:
    """Read a catalogue as it was published.

    Args:
        event: holds the text.
        folder: from which a key file with a relative path is named; the text's own folder is on another machine.

    Raises:
        BadCatalogue: it is none, also where a newer program wrote it in a newer form.
    """
    path = Path(event.file)
    found = read(event.text.encode(), path, folder)
    if found.version != event.catalog_version:
        said = f"is version {found.version}, and was published as {event.catalog_version}"
        raise BadCatalogue(path, (Fault(0, "", said),))
    return found
