"""The catalogues of a world: the file's, and in some worlds others that are published while jobs come in.

Prices, a lane's quota, and how many of its partitions are used change. Some that are published nobody can use: then
the last good one holds. In some worlds the executors of a lane have a file that is older than this lane, which has been
published before they start. In some the calls at once of a lane are limited; nothing is published there.
"""

from collections.abc import Mapping
from math import inf
from random import Random

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.catalog import CATALOG_NAME, CatalogPublished

from headchef.catalogue import Catalogue
from headchef.catalogue.in_force import TOPIC
from headchef.runtime.log.port import NewRecord
from tests.simulation.at_once import SLOW, USUAL, drawn_at_once, with_a_limit
from tests.simulation.quota import A_MINUTE, LIMITED_LANE, drawn_limit
from tests.simulation.read_once import read_catalogue
from tests.simulation.services import CATALOGUE_PATH, LANES
from tests.support.published import AT, version_of

_CHANGING_WORLDS, _CHANGE_SHARE = 0.4, 0.06
"""The second of the jobs that are submitted in such a world."""

_NEW_LANE_WORLDS = 0.3
_FEWER_WORLDS, _OFTEN, _FEWER_LIMITED = 0.3, 0.12, 0.75
"""In such a world another catalogue is published for more of the jobs, and mostly the lane has a quota to share."""

_FEWER = (1, 2, 4, None)
"""How many partitions of the limited lane may be in use in such a world, of 3 or 5; None for all."""

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
        seed: decides what is published and when, which executors have an older file, which partitions are in use, and
            what is limited.
        grows: whether the lane is to have more tasks: its members learn of that one after the other, and have too much
            between them for so long.

    Attributes:
        file: what every process has from its start, or what has been published by then.
        last_good: what every process must come to use.
        by_version: all that can be used, the file's too.
        limits: requests a minute of the limited lane, each with the time from which on it may be in force; empty in a
            world without a quota.
        apart: the spans of time in which executors of that lane may not have agreed which of its partitions are in use.
        at_once: whether the calls at once of the limited lane are limited.
        calls: how long those take.
    """

    def __init__(self, seed: int, *, grows: bool) -> None:
        chance, new_lane, fewer = (Random(f"{seed} {what}") for what in ("catalogues", "new lane", "fewer partitions"))
        self._chance = chance
        self._share = _CHANGE_SHARE if chance.random() < _CHANGING_WORLDS else 0.0
        self._fewer = fewer if fewer.random() < _FEWER_WORLDS else None
        self.at_once = drawn_at_once(Random(f"{seed} calls at once")) and not grows
        self.calls = SLOW if self.at_once else USUAL
        if self.at_once:
            self._share, self._fewer = 0.0, None
        elif self._fewer is not None:
            self._share = _OFTEN
        limit = drawn_limit(chance)
        if self._fewer is not None and fewer.random() < _FEWER_LIMITED:
            limit = A_MINUTE
        self._text_of_file = _text(0, limit, self._active())
        self.file = self.last_good = _read(self._text_of_file)
        self.by_version = {self.file.version: self.file}
        self.limits = [] if limit is None else [(0.0, limit)]
        self.apart: list[tuple[float, float]] = []
        self._published = 0
        self._newer_lane = LANES[-1] if new_lane.random() < _NEW_LANE_WORLDS and not self.at_once else None
        if self.at_once:
            self.file = self.last_good = with_a_limit(self.file)
            self.by_version = {self.file.version: self.file}

    def file_of(self, service: str) -> Catalogue:
        """Give the catalogue that the processes of a service have as a file."""
        return _read(_OLDER) if service == f"executor.{self._newer_lane}" else self.file

    def before(self, namespace: str) -> list[NewRecord]:
        """Give what has been published before any process starts."""
        return [] if self._newer_lane is None else [_record(namespace, self._text_of_file)]

    def draw(self, namespace: str, now_s: float) -> NewRecord | None:
        """Give a record that publishes another one, or mostly None."""
        if not self._share or self._chance.random() >= self._share:
            return None
        self._published += 1
        draw = self._chance.random()
        if draw < 0.15:
            return _record(namespace, f"# Number {self._published}.{_OLDER}".replace("input: ", "input: -"))
        if draw < 0.3:
            return _record(namespace, "no catalogue", version=99)
        if draw < 0.4:
            return NewRecord(topics.physical(namespace, TOPIC), b"no event", CATALOG_NAME.encode(), 0)
        limit = self._chance.choice((120, 240, 480)) if self.limits else None
        if limit is not None and self._fewer is not None:
            # What is beyond the quota must not be within a larger one.
            limit = A_MINUTE
        text = _text(self._published, limit, self._active(), self._chance.choice(_PRICES))
        before, self.last_good = self.last_good, _read(text)
        self.by_version[self.last_good.version] = self.last_good
        if limit is not None:
            self.limits.append((now_s, limit))
        if active_in(before) != active_in(self.last_good) and not self._are_apart():
            self.apart.append((now_s, inf))
        return _record(namespace, text)

    def heard(self, now_s: float, used: Mapping[str, str | None]) -> None:
        """Note which catalogue each process uses, by its name."""
        if self._are_apart():
            ours = [version for name, version in used.items() if name.startswith(f"executor.{LIMITED_LANE}")]
            known = [self.by_version.get(version or "") for version in ours]
            if all(each is not None and active_in(each) == active_in(self.last_good) for each in known):
                self.apart[-1] = (self.apart[-1][0], now_s)

    def _are_apart(self) -> bool:
        return bool(self.apart) and self.apart[-1][1] == inf

    def _active(self) -> int | None:
        return None if self._fewer is None else self._fewer.choice(_FEWER)


def active_in(catalogue: Catalogue) -> int | None:
    """Give how many partitions of the limited lane are in use by a catalogue; None for all."""
    return catalogue.lanes[LIMITED_LANE].active_partitions


def _text(number: int, limit: int | None, active: int | None, price: str = _PRICES[0]) -> str:
    lane = "    provider: first\n"
    said = {"requests_per_minute": limit, "active_partitions": active}
    ours = lane + "".join(f"    {field}: {value}\n" for field, value in said.items() if value is not None)
    return f"# Number {number}.\n{_TEXT}".replace(lane, ours).replace("input: 0.15", f"input: {price}")


def _read(text: str) -> Catalogue:
    return read_catalogue(text.encode(), CATALOGUE_PATH, CATALOGUE_PATH.parent)


def _record(namespace: str, text: str, version: int = CatalogPublished.version) -> NewRecord:
    event = CatalogPublished(
        name=CATALOG_NAME, catalog_version=version_of(text), text=text, file="catalogue.yaml", published_at=AT
    )
    about = cloudevents.Attributes(version_of(text), "/operator", event.event_type, version, AT, event.name)
    headers = cloudevents.to_headers(about)
    return NewRecord(topics.physical(namespace, TOPIC), registry.encode(event), CATALOG_NAME.encode(), 0, headers)
