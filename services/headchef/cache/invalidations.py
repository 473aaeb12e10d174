"""What was invalidated, as this process knows it from its broadcast, and whether it knows that of just now."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from headchef_contracts.events.common import Event
from headchef_contracts.events.invalidations import CacheInvalidated, InvalidatedScope

from headchef.cache.forgetting import Forgetting, Forgotten
from headchef.cache.invalidated import APART, Invalidated, Origin
from headchef.cache.selection import Selection
from headchef.cache.standing import Standing
from headchef.cache.taking_back import TakingBack
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvalidEvent
from headchef.runtime.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

TOPIC = "cache.invalidated"


class Invalidations:
    """Takes up what operators say of answers, and says whether that may be relied on.

    An entry that cannot be read, as a newer release wrote it, may be of anything. So it is taken for one of everything:
    nothing is served that was asked for before it was published.

    Args:
        fresh_s: hits are served for so long after the last look at the broadcast's end that all of it has been read.
        clock: for that.
        metrics: shows how long ago that was, and how many scopes were invalidated.
        forgetting: deletes what holds no longer.

    Attributes:
        invalidated: what was said last of each scope.
        forgetting: as given.
        taking_back: looks once more at what stores were given.
    """

    def __init__(self, fresh_s: float, clock: Clock, metrics: Metrics, forgetting: Forgetting) -> None:
        self.invalidated = Invalidated()
        self._fresh_s = fresh_s
        self._clock = clock
        self.forgetting = forgetting
        self.taking_back = TakingBack(self.invalidated, forgetting)
        self._known_s: float | None = None
        self._published_at = datetime.min.replace(tzinfo=UTC)
        metrics.gauge("headchef.cache.invalidations", self._scopes)
        metrics.gauge("headchef.cache.invalidations_age", self._age)

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take, refused=self.refused, dated=self.dated, fresh=self.read_to)

    def standing(self) -> Standing:
        """Say what holds at this moment."""
        return Standing(self.known, self.invalidated)

    @property
    def known(self) -> bool:
        """Whether what was said until just now is known, so that an earlier answer may be served."""
        return self._known_s is not None and self._clock.monotonic() - self._known_s <= self._fresh_s

    def holds(self, origin: Origin) -> bool:
        """Say whether nothing that is known concerns an answer. A hit needs `known` besides."""
        return not self.invalidated.concerns(origin)

    def dated(self, published_at: datetime) -> None:
        """Note when the next record was published."""
        self._published_at = published_at

    def read_to(self, known_s: float) -> None:
        """Note that all is known that was said until a time on the monotonic clock, in seconds."""
        self._known_s = known_s

    async def take(self, event: Event) -> None:
        """Heed what was said.

        Raises:
            InvalidEvent: it is something else.
        """
        if not isinstance(event, CacheInvalidated):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of CacheInvalidated")
        self.invalidated.take(event.scope, self._published_at)
        # What was said before this process began, others have deleted; but an erasure counts for each store.
        if event.erase or self._known_s is not None:
            until = self._published_at + APART
            erasure = f"{event.entry} until {until.isoformat()}" if event.erase else None
            forgotten = Forgotten(chosen(event.scope, until, erasure), until if event.erase else None)
            self.forgetting.note(event.entry, forgotten)
        why = f": {event.because}" if event.because else ""
        _log.info("cache: %s, until %s, said by %s%s", event.entry, self._published_at.isoformat(), event.by, why)

    async def refused(self, key: bytes | None, message: str) -> None:
        """Take what cannot be read for the whole cache."""
        named = (key or b"").decode(errors="replace")
        _log.error("cache: nothing is served that was asked for before the entry %r, which cannot be read", named)
        self.invalidated.take_all(self._published_at)

    def _scopes(self) -> Iterable[tuple[float, Mapping[str, str]]]:
        return [(len(self.invalidated), {})]

    def _age(self) -> Iterable[tuple[float, Mapping[str, str]]]:
        return [] if self._known_s is None else [(self._clock.monotonic() - self._known_s, {})]


def chosen(scope: InvalidatedScope, until: datetime, erasure: str | None = None) -> Selection:
    """Choose what the stores have of a scope that was asked for until a time; `erasure` names it where it is one."""
    return Selection(
        tenant=scope.tenant,
        tag=scope.tag,
        template=scope.template,
        source=scope.source,
        planned_until=until,
        erasure=erasure,
    )
