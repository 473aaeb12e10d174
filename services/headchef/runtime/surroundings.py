"""What the host lends to every service: time, chance, leave to call, and metrics."""

import random
from dataclasses import dataclass

from headchef.runtime.clock import Clock
from headchef.runtime.permit import Permit
from headchef.runtime.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything from outside that a service may use besides its own ports."""

    clock: Clock
    random: random.Random
    permit: Permit
    metrics: Metrics
