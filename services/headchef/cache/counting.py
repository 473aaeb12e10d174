"""Counts what the lookups of a batch came to, and what reused answers saved."""

from collections import Counter
from collections.abc import Iterable

from headchef.cache.policy import Choice, Hit
from headchef.runtime.telemetry.metrics import Metrics


def count_lookups(choices: Iterable[Choice], metrics: Metrics, *, known: bool) -> None:
    """Count each choice by its kind, and the cost of answers that were reused, where it is known.

    Args:
        choices: of a batch.
        metrics: counts.
        known: whether it was known what had been invalidated; where not, all of them went to their models.
    """
    kinds: Counter[str] = Counter()
    for choice in choices:
        kinds[choice.kind] += 1
        if isinstance(choice, Hit) and choice.stored.cost_usd is not None:
            attributes = {"tenant": choice.stored.tenant, "model": choice.stored.model}
            metrics.count("headchef.cache.saved_cost", float(choice.stored.cost_usd), attributes)
    if not known and kinds:
        metrics.count("headchef.cache.unsure", kinds.total())
    for kind, count in kinds.items():
        metrics.count("headchef.cache.lookups", count, {"kind": kind})
