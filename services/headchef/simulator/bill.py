"""What the simulated provider would charge: one entry a call, and sums that tests and benchmarks compare with."""

from collections import Counter, deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from headchef.simulator.settings import Settings

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one call.

    Attributes:
        input: of the prompt.
        output: of the answer, reasoning included.
        cached_input: part of the input, read from the cache.
        cache_write: another part of the input, written to the cache.
        reasoning: part of the output.
    """

    input: int
    output: int
    cached_input: int = 0
    reasoning: int = 0
    cache_write: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One call on the bill; refused calls cost nothing."""

    request_id: str
    outcome: str
    status: int
    tokens: Tokens | None
    cost_usd: Decimal


class Bill:
    """Every call that reached the simulator, with what it costs.

    Args:
        settings: prices, and how many entries are kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.entries: deque[Entry] = deque(maxlen=settings.bill_entries)
        self.clear()

    def clear(self) -> None:
        """Start anew."""
        self.entries.clear()
        self.calls: Counter[str] = Counter()
        self.input_tokens = 0
        self.output_tokens = 0
        self.cached_input_tokens = 0
        self.cache_write_tokens = 0
        self.cost_usd = Decimal(0)
        self.input_cost_usd = Decimal(0)

    def add(self, request_id: str, outcome: str, status: int, tokens: Tokens | None) -> None:
        """Note a call; one without tokens costs nothing."""
        input_usd, output_usd = self._cost(tokens) if tokens else (Decimal(0), Decimal(0))
        cost_usd = input_usd + output_usd
        self.calls[outcome] += 1
        self.entries.append(Entry(request_id, outcome, status, tokens, cost_usd))
        if tokens:
            self.input_tokens += tokens.input
            self.output_tokens += tokens.output
            self.cached_input_tokens += tokens.cached_input
            self.cache_write_tokens += tokens.cache_write
            self.cost_usd += cost_usd
            self.input_cost_usd += input_usd

    def _cost(self, tokens: Tokens) -> tuple[Decimal, Decimal]:
        """Give the cost of the prompt and of the answer."""
        prices = self._settings
        fresh = tokens.input - tokens.cached_input - tokens.cache_write
        input_usd = fresh * prices.input_usd + tokens.cached_input * prices.cached_input_usd
        input_usd += tokens.cache_write * prices.cache_write_usd
        return input_usd / _MILLION, tokens.output * prices.output_usd / _MILLION

    def summary(self, with_entries: bool) -> dict[str, Any]:
        """Give the sums, and the entries if asked, as JSON; money as decimal strings."""
        sums: dict[str, Any] = {
            "calls": sum(self.calls.values()),
            "calls_by_outcome": dict(self.calls),
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_input_tokens": self.cached_input_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "cost_usd": format(self.cost_usd, "f"),
            "input_cost_usd": format(self.input_cost_usd, "f"),
        }
        if with_entries:
            sums["entries"] = [_as_json(entry) for entry in self.entries]
        return sums


def _as_json(entry: Entry) -> dict[str, Any]:
    tokens = entry.tokens or Tokens(0, 0)
    return {
        "request_id": entry.request_id,
        "outcome": entry.outcome,
        "status": entry.status,
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cached_input_tokens": tokens.cached_input,
        "cache_write_tokens": tokens.cache_write,
        "reasoning_tokens": tokens.reasoning,
        "cost_usd": format(entry.cost_usd, "f"),
    }
