"""What an account may use in the benchmarks: the lane's catalogue and the simulator's settings for a limit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

_LATENCY_S = 0.5

CATALOGUE = """\
defaults: {{model: simulated}}
providers: {{simulator: {{base_url: "${{HEADCHEF_SIMULATOR_URL}}"}}}}
lanes: {{default: {{provider: simulator, {limits}}}}}
models: {{simulated: {{lane: default, max_output_tokens: 1000, prices: {{input: 0.15, output: 0.60}}}}}}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """What the account may use of one resource.

    Attributes:
        name: of the figures.
        setting: of the lane, and of the simulator's account.
        a_minute: of it.
        jobs: in a minute, at most.
        used: reads what was used from the simulator's bill.
    """

    name: str
    setting: str
    a_minute: int
    jobs: int
    used: Callable[[Mapping[str, float]], float]

    @property
    def catalogue(self) -> str:
        """Give a catalogue whose lane knows the limit."""
        return CATALOGUE.format(limits=f"{self.setting}: {self.a_minute}")

    @property
    def simulator(self) -> Mapping[str, str]:
        """Give the settings of a simulator that enforces it in each minute of its clock."""
        return {
            "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": str(_LATENCY_S),
            f"HEADCHEF_SIMULATOR_QUOTA__{self.setting.upper()}": str(self.a_minute),
            "HEADCHEF_SIMULATOR_QUOTA__KIND": "window",
        }


LIMITS = (
    Limit("requests", "requests_per_minute", 1200, 1200, lambda bill: bill["answered"]),
    Limit("tokens", "tokens_per_minute", 600_000, 1800, lambda bill: bill["input_tokens"] + bill["output_tokens"]),
)
