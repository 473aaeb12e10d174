"""Adds results up: by status, hits, tokens, cost and latency."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from headchef_contracts.events.jobs import JobFinished, JobRefused


def latency_s(result: JobFinished) -> float:
    """Give seconds from submission to result."""
    return (result.timing.finished_at - result.timing.submitted_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures over all jobs.

    Attributes:
        statuses: number of jobs by status.
        hits: jobs answered from the cache.
        repaired: jobs that are ok although an answer, of a step too, was rejected before.
        input_tokens: of all calls.
        output_tokens: of all calls.
        cost_usd: of all calls with a known price; None if there are calls and no price is known.
        unpriced: jobs with calls of unknown price.
        p50_s: half of the jobs took no longer, in seconds; None without jobs.
        p95_s: 95 of 100 jobs took no longer.
    """

    statuses: dict[str, int]
    hits: int
    repaired: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    unpriced: int
    p50_s: float | None
    p95_s: float | None

    @property
    def jobs(self) -> int:
        """Count all jobs."""
        return sum(self.statuses.values())


def totals(results: Sequence[JobFinished | JobRefused]) -> Totals:
    """Add results up."""
    finished = [result for result in results if isinstance(result, JobFinished)]
    costs = [result.cost_usd for result in finished if result.cost_usd is not None]
    unpriced = len(finished) - len(costs)
    times = sorted(latency_s(result) for result in finished)
    statuses = Counter(result.status if isinstance(result, JobFinished) else "refused" for result in results)
    return Totals(
        statuses=dict(statuses),
        hits=sum(result.cache.reused for result in finished),
        repaired=sum(map(_was_repaired, finished)),
        input_tokens=sum(result.usage.input_tokens for result in finished),
        output_tokens=sum(result.usage.output_tokens for result in finished),
        cost_usd=None if unpriced and not any(costs) else sum(costs, Decimal(0)),
        unpriced=unpriced,
        p50_s=percentile(times, 0.50),
        p95_s=percentile(times, 0.95),
    )


def _was_repaired(result: JobFinished) -> bool:
    told = result.provenance
    in_steps = any(step.repaired for step in told.steps)
    return result.status == "ok" and (in_steps or any(each.failure.reason == "rejected" for each in told.tried))


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Give the smallest value that this share of the values does not exceed (nearest rank); None for no values."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
