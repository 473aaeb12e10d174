"""What a step holds at its lane from when it is let in until it is over."""

from dataclasses import dataclass

from headchef_contracts.events.common import Usage

from headchef.executor.lane.estimate import Demand
from headchef.runtime.log.port import Record


@dataclass(slots=True)
class Held:
    """One step.

    Attributes:
        record: that asks for it, kept so that no other has its identity meanwhile.
        demand: what its call is taken to use.
        model: that it has called.
        called_at_s: when, in seconds of the epoch; None before.
        began_s: when, on the monotonic clock.
        usage: what the call has used, as far as the provider has told.
        replied: whether anything came of the call.
    """

    record: Record
    demand: Demand
    model: str = ""
    called_at_s: float | None = None
    began_s: float = 0.0
    usage: Usage | None = None
    replied: bool = False

    @property
    def is_abandoned(self) -> bool:
        """Whether its call was begun, and would be given up if the step were over now."""
        return self.called_at_s is not None and not self.replied
