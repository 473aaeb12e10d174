"""Adds up what calls have cost, by whose they were, and what came of the money. Pure: events in, rows out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from headchef_contracts.events.common import JobHead
from headchef_contracts.events.jobs import JobFinished
from headchef_contracts.events.steps import AttemptRecorded

from headchef.cli.spending.by import By

UNNAMED = ""
"""Of jobs without labels, of results without a model, and of models that no call was made of."""


@dataclass(slots=True)
class Sums:
    """What was spent, and for what.

    Attributes:
        calls: to providers.
        failed: those without an answer that could be used.
        unknown: those whose cost is not known: no price in the catalogue, or they may have been billed without a word.
        input_tokens: all, cached ones included.
        cached_input_tokens: those that were read from the provider's cache.
        cache_write_input_tokens: those that were written to it.
        output_tokens: all, reasoning included.
        reasoning_tokens: those among them.
        cost_usd: of the calls whose cost is known.
        provider_cache_saved_usd: what they would have cost more without the provider's cache; less than 0 where what
            was written to it was hardly read.
        results: of jobs, whatever their status.
        accepted: those of status `ok`.
        reused: accepted ones that were taken from the cache.
    """

    calls: int = 0
    failed: int = 0
    unknown: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    provider_cache_saved_usd: Decimal = Decimal(0)
    results: int = 0
    accepted: int = 0
    reused: int = 0

    @property
    def known_usd(self) -> Decimal | None:
        """Give what is known to have been spent; None where nothing is known of calls that were billed."""
        return None if self.unknown and not self.cost_usd else self.cost_usd

    @property
    def per_accepted_usd(self) -> Decimal | None:
        """Give what an accepted result cost, all calls in vain included; None without one, and as `known_usd`."""
        return None if self.known_usd is None or not self.accepted else self.known_usd / self.accepted


class Row(NamedTuple):
    """One of those that money was spent for.

    Attributes:
        name: of the tenant, model or lane, or a label as `name=value`; `UNNAMED` for none.
        sums: what was spent.
    """

    name: str
    sums: Sums


class Account:
    """Takes each event once, however often it is there.

    Args:
        by: whose calls are added up. A job with several labels counts for each of them.
    """

    def __init__(self, by: By) -> None:
        self.total = Sums()
        self._by = by
        self._sums: defaultdict[str, Sums] = defaultdict(Sums)
        self._seen_calls: set[str] = set()
        self._seen_results: set[str] = set()
        self._lanes: dict[str, str] = {}
        self._results: list[tuple[str | None, bool, bool]] = []

    def attempt(self, event_id: str | None, event: AttemptRecorded) -> None:
        """Take a call."""
        if _is_repeat(event_id, self._seen_calls):
            return
        self._lanes[event.model] = event.lane
        for sums in self._of(event.job, event.model, event.lane):
            _add_call(sums, event)

    def result(self, event_id: str | None, event: JobFinished) -> None:
        """Take a result."""
        if _is_repeat(event_id, self._seen_results):
            return
        accepted, reused = event.status == "ok", event.cache.reused
        if self._by == "lane":
            # What lane a model is on is told by its calls, of which some may come later.
            self._results.append((event.provenance.model, accepted, reused))
            _add_result(self.total, accepted=accepted, reused=reused)
            return
        for sums in self._of(event.job, event.provenance.model or UNNAMED, UNNAMED):
            _add_result(sums, accepted=accepted, reused=reused)

    def rows(self) -> Sequence[Row]:
        """Give the rows, the dearest first."""
        for model, accepted, reused in self._results:
            lane = self._lanes.get(model or "", UNNAMED)
            _add_result(self._sums[lane], accepted=accepted, reused=reused)
        self._results.clear()
        rows = [Row(name, sums) for name, sums in self._sums.items()]
        return sorted(rows, key=lambda row: (-row.sums.cost_usd, -row.sums.calls, row.name))

    def _of(self, job: JobHead, model: str, lane: str) -> list[Sums]:
        names = {
            "tenant": [job.tenant],
            "model": [model],
            "lane": [lane],
            "label": [f"{name}={value}" for name, value in job.labels.items()] or [UNNAMED],
        }[self._by]
        return [self.total, *(self._sums[name] for name in names)]


def _is_repeat(event_id: str | None, seen: set[str]) -> bool:
    """Say whether an event was taken before: at least once the same one may be there twice."""
    if event_id is None:
        return False
    known = event_id in seen
    seen.add(event_id)
    return known


def _add_call(sums: Sums, event: AttemptRecorded) -> None:
    sums.calls += 1
    sums.failed += event.outcome != "answered"
    if event.usage is not None:
        sums.input_tokens += event.usage.input_tokens
        sums.cached_input_tokens += event.usage.cached_input_tokens
        sums.cache_write_input_tokens += event.usage.cache_write_input_tokens
        sums.output_tokens += event.usage.output_tokens
        sums.reasoning_tokens += event.usage.reasoning_tokens
    if event.cost_usd is not None:
        sums.cost_usd += event.cost_usd
        if event.uncached_cost_usd is not None:
            sums.provider_cache_saved_usd += event.uncached_cost_usd - event.cost_usd
    elif event.usage is not None or not event.refused:
        sums.unknown += 1


def _add_result(sums: Sums, *, accepted: bool, reused: bool) -> None:
    sums.results += 1
    sums.accepted += accepted
    sums.reused += accepted and reused
