"""The bounds in force: when answers of each pool may be reused, as this process knows it from its broadcast."""

from headchef_contracts.events.bounds import BoundSet
from headchef_contracts.events.common import Event

from headchef.bound import FEATURES, STATISTIC, Band, Bound, new_pool
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.errors import InvalidEvent

TOPIC = "cache.bounds"


class BoundsInForce:
    """Takes up what the owners of pools say.

    A pool of which nothing was said, or nothing that this release can read, has a bound that allows nothing.
    """

    def __init__(self) -> None:
        self._bounds: dict[str, Bound] = {}

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return Broadcast(TOPIC, self.take, refused=self.shut)

    def of(self, account: str) -> Bound:
        """Give the bound of a pool, by its account's name."""
        return self._bounds.get(account, _NOTHING)

    async def take(self, event: Event) -> None:
        """Heed what was said of a pool from now on; where it has no bands, the pool was forgotten.

        Raises:
            InvalidEvent: it is something else.
        """
        if not isinstance(event, BoundSet):
            raise InvalidEvent("unexpected_event", None, f"{type(event).__name__} in place of BoundSet")
        if event.statistic != STATISTIC:
            message = f"this release reads bounds of the statistic {STATISTIC}, not {event.statistic}"
            raise InvalidEvent("unknown_statistic", "statistic", message)
        if not event.bands:
            self._bounds.pop(event.account, None)
            return
        if len(event.weights) != FEATURES:
            message = f"a bound has {FEATURES} weights, and this one has {len(event.weights)}"
            raise InvalidEvent("unreadable_bound", "weights", message)
        self._bounds[event.account] = bound_of(event)

    async def shut(self, key: bytes | None, message: str) -> None:
        """Reuse nothing of a pool whose newest bound cannot be read: it may have been the one that says so."""
        self._bounds.pop((key or b"").decode(errors="replace"), None)


_NOTHING = new_pool().bound()


def bound_of(said: BoundSet) -> Bound:
    """Give the bound that was said, which is to be one of `STATISTIC`, with as many weights as there are features."""
    bands = tuple(Band(each.up_to, each.at_most) for each in said.bands)
    return Bound(said.number, said.weights, bands)
