"""What was invalidated, as a process knows it that reads its broadcast without delay."""

from headchef.cache.forgetting import Forgetting
from headchef.cache.invalidations import Invalidations
from headchef.runtime.telemetry.metrics import Metrics
from tests.support.manual_clock import ManualClock


class UpToDate(Invalidations):
    """Knows at any time what was said until just now, unless a test says otherwise.

    Attributes:
        is_known: whether it does.
    """

    def __init__(self) -> None:
        clock = ManualClock()
        super().__init__(2.0, clock, Metrics(), Forgetting(clock))
        self.is_known = True

    @property
    def known(self) -> bool:
        return self.is_known
