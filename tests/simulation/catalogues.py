"""The catalogues of a world: the file's, and in some worlds others that are published while jobs come in.

Prices and a lane's quota change. Some that are published nobody can use: then the last good one holds.
"""

from random import Random

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.catalog import CATALOG_NAME, CatalogPublished

from headchef.catalogue import Catalogue, read
from headchef.catalogue.in_force import TOPIC
from headchef.runtime.log.port import NewRecord
from tests.simulation.quota import drawn_limit
from tests.simulation.services import CATALOGUE_PATH
from tests.support.published import AT, version_of

_CHANGING_WORLDS, _CHANGE_SHARE = 0.4, 0.06
"""The second of the jobs that are submitted in such a world."""

_TEXT = CATALOGUE_PATH.read_text()
_PRICES = ("0.15", "0.2", "0.35", "1.05")


class Catalogues:
    """Draws them.

    Args:
        chance: decides what is published, and when.

    Attributes:
        file: what every process has from its start.
        last_good: what every process must come to use.
        by_version: all that can be used, the file's too.
        limits: requests a minute of the limited lane, each with the time from which on it may be in force; empty in a
            world without a quota.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._changing = chance.random() < _CHANGING_WORLDS
        limit = drawn_limit(chance)
        self.file = self.last_good = _read(_text(0, limit))
        self.by_version = {self.file.version: self.file}
        self.limits = [] if limit is None else [(0.0, limit)]
        self._published = 0

    def draw(self, namespace: str, now_s: float) -> NewRecord | None:
        """Give a record that publishes another one, or mostly None."""
        if not self._changing or self._chance.random() >= _CHANGE_SHARE:
            return None
        self._published += 1
        draw = self._chance.random()
        if draw < 0.15:
            return _record(namespace, _text(self._published, None).replace("input: ", "input: -"))
        if draw < 0.3:
            return _record(namespace, "no catalogue", version=99)
        if draw < 0.4:
            return NewRecord(topics.physical(namespace, TOPIC), b"no event", CATALOG_NAME.encode(), 0)
        limit = self._chance.choice((120, 240, 480)) if self.limits else None
        text = _text(self._published, limit, self._chance.choice(_PRICES))
        self.last_good = _read(text)
        self.by_version[self.last_good.version] = self.last_good
        if limit is not None:
            self.limits.append((now_s, limit))
        return _record(namespace, text)


def _text(number: int, limit: int | None, price: str = _PRICES[0]) -> str:
    lane = "    provider: first\n"
    limited = lane if limit is None else f"{lane}    requests_per_minute: {limit}\n"
    return f"# Number {number}.\n{_TEXT}".replace(lane, limited).replace("input: 0.15", f"input: {price}")


def _read(text: str) -> Catalogue:
    return read(text.encode(), CATALOGUE_PATH, CATALOGUE_PATH.parent)


def _record(namespace: str, text: str, version: int = CatalogPublished.version) -> NewRecord:
    event = CatalogPublished(
        name=CATALOG_NAME, catalog_version=version_of(text), text=text, file="catalogue.yaml", published_at=AT
    )
    about = cloudevents.Attributes(version_of(text), "/operator", event.event_type, version, AT, event.name)
    headers = cloudevents.to_headers(about)
    return NewRecord(topics.physical(namespace, TOPIC), registry.encode(event), CATALOG_NAME.encode(), 0, headers)
