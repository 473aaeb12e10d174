"""Decides what befalls a call: which fault it meets and how long it takes, from numbers drawn elsewhere."""

from dataclasses import dataclass
from math import exp
from typing import Literal, TypeVar, get_args

from headchef.simulator.settings import Rates, Settings

TransportFault = Literal["rate_limited", "server_error", "unavailable", "billing", "reset", "malformed"]
ModelFault = Literal["length", "refusal", "schema_violation"]

F = TypeVar("F", bound=str)

_TRANSPORT: tuple[TransportFault, ...] = get_args(TransportFault)
_MODEL: tuple[ModelFault, ...] = get_args(ModelFault)


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one call.

    Attributes:
        transport: a fault on the way, drawn anew at each try; None if there is none.
        model: a fault in the answer, the same whenever the same is asked; None if there is none.
        latency_s: seconds before the answer.
    """

    transport: TransportFault | None
    model: ModelFault | None
    latency_s: float


def decide(settings: Settings, *, transport_draw: float, model_draw: float, latency_normal: float) -> Fate:
    """Decide a call's fate.

    Args:
        settings: rates and latency.
        transport_draw: from 0 to 1, of this try.
        model_draw: from 0 to 1, of what is asked.
        latency_normal: drawn from the standard normal distribution.
    """
    latency_s = settings.latency_median_s * exp(settings.latency_sigma * latency_normal)
    transport = _pick(settings.rates, _TRANSPORT, transport_draw)
    return Fate(transport, _pick(settings.rates, _MODEL, model_draw), latency_s)


def _pick(rates: Rates, faults: tuple[F, ...], draw: float) -> F | None:
    edge = 0.0
    for fault in faults:
        edge += getattr(rates, fault)
        if draw < edge:
            return fault
    return None
