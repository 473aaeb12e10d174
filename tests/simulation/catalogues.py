"""The catalogues of a world: the file's, and in some worlds others that are published while jobs come in.

Prices and a lane's quota change. Some that are published nobody can use: then the last good one holds. In some worlds
the executors of a lane have a file that is older than this lane, which has been published before they start.
"""

from random import Random

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.catalog import CATALOG_NAME, CatalogPublished

from headchef.catalogue import Catalogue
from headchef.catalogue.in_force import TOPIC
from headchef.runtime.log.port import NewRecord
from tests.simulation.quota import drawn_limit
from tests.simulation.services import CATALOGUE_PATH, LANES, read_catalogue
from tests.support.published import AT, version_of

_CHANGING_WORLDS, _CHANGE_SHARE = 0.4, 0.06
"""The second of the jobs that are submitted in such a world."""

_NEW_LANE_WORLDS = 0.3
_TEXT = CATALOGUE_PATH.read_text()
_OLDER = """
defaults: {model: small}
providers: {first: {base_url: "http://first.test/v1"}}
lanes: {default: {provider: first}}
models: {small: {lane: default, prices: {input: 0.15, output: 0.60}}}
"""
"""A catalogue that knows the first lane only."""

_PRICES = ("0.15", "0.2", "0.35", "1.05")


class Catalogues:
    """Draws them.

    Args:
        chance: decides what is published, and when.
        new_lane: decides whether a lane is newer than its executors' file.

    Attributes:
        file: what every process has from its start, or what has been published by then.
        last_good: what every process must come to use.
        by_version: all that can be used, the file's too.
        limits: requests a minute of the limited lane, each with the time from which on it may be in force; empty in a
            world without a quota.
    """

    def __init__(self, chance: Random, new_lane: Random) -> None:
        self._chance = chance
        self._changing = chance.random() < _CHANGING_WORLDS
        limit = drawn_limit(chance)
        self._text_of_file = _text(0, limit)
        self.file = self.last_good = _read(self._text_of_file)
        self.by_version = {self.file.version: self.file}
        self.limits = [] if limit is None else [(0.0, limit)]
        self._published = 0
        self._newer_lane = LANES[-1] if new_lane.random() < _NEW_LANE_WORLDS else None

    def file_of(self, service: str) -> Catalogue:
        """Give the catalogue that the processes of a service have as a file."""
        return _read(_OLDER) if service == f"executor.{self._newer_lane}" else self.file

    def before(self, namespace: str) -> list[NewRecord]:
        """Give what has been published before any process starts."""
        return [] if self._newer_lane is None else [_record(namespace, self._text_of_file)]

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
    return read_catalogue(text.encode(), CATALOGUE_PATH, CATALOGUE_PATH.parent)


def _record(namespace: str, text: str, version: int = CatalogPublished.version) -> NewRecord:
    event = CatalogPublished(
        name=CATALOG_NAME, catalog_version=version_of(text), text=text, file="catalogue.yaml", published_at=AT
    )
    about = cloudevents.Attributes(version_of(text), "/operator", event.event_type, version, AT, event.name)
    headers = cloudevents.to_headers(about)
    return NewRecord(topics.physical(namespace, TOPIC), registry.encode(event), CATALOG_NAME.encode(), 0, headers)
