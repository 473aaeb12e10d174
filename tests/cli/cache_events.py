"""Makes what the cache and its neighbours write of questions, for the tests of `headchef cache`."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from headchef_contracts.events.bounds import Band, BoundSet, Counts
from headchef_contracts.events.cache_use import CacheKind, CacheUse
from headchef_contracts.events.semantic import Nearest
from headchef_contracts.events.steps import Step, StepCompleted

from headchef.bound import STATISTIC, Choice
from headchef.pooled import pool_account
from tests.cache.builders import DECIDED, make_answer
from tests.support.manual_clock import START

EMBEDDER = "hashed-1/512"
FEATURES = (1.0, 0.9, 1.0, 0.1, 1.0, 0.9)


def make_nearest(of: Step, choice: Choice = "ask", **fields: Any) -> Nearest:
    """Say what was thought of the answer to an earlier question."""
    known: dict[str, Any] = {
        "fingerprint": of.fingerprint,
        "source_job_id": of.job.job_id,
        "score": 0.93,
        "features": FEATURES,
        "wrong": 0.01,
        "bound": 2,
        "choice": choice,
        "embedder": EMBEDDER,
    }
    return Nearest(**(known | fields))


def make_made(step: Step, cost: str | None = "0.02", took_s: float = 1.5, **use: Any) -> StepCompleted:
    """Say that a model has answered."""
    return StepCompleted(
        step=step,
        cache=CacheUse(**({"kind": "miss"} | use)),
        answer=make_answer("By card."),
        cost_usd=None if cost is None else Decimal(cost),
        attempts=1,
        provider_s=took_s,
        decided=DECIDED,
    )


def make_reused(step: Step, kind: CacheKind, source_job_id: str, nearest: Nearest | None = None) -> StepCompleted:
    """Say that an earlier answer was reused."""
    use = CacheUse(kind=kind, source_job_id=source_job_id, age_s=60.0, nearest=nearest)
    return make_made(step, "0", 0.0).model_copy(update={"cache": use, "attempts": 0})


def make_bound(
    number: int = 2, at_most: float = 0.012, minutes: float = 0, pool: str = "help", **fields: Any
) -> BoundSet:
    """Say a bound: so many are wrong at most of guesses up to 0.02, and nothing is known of higher ones."""
    known: dict[str, Any] = {
        "account": pool_account("default", pool, EMBEDDER),
        "tenant": "default",
        "pool": pool,
        "embedder": EMBEDDER,
        "number": number,
        "statistic": STATISTIC,
        "weights": (0.0,) * 6,
        "bands": (Band(up_to=0.02, at_most=at_most), Band(up_to=1.0, at_most=1.0)),
        "counts": Counts(labels=400, wrong=90, allowed=200, allowed_wrong=1, served=40),
        "set_at": START + timedelta(minutes=minutes),
        "decided": DECIDED,
    }
    return BoundSet(**(known | fields))
