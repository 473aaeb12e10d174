"""In some worlds jobs ask in other words what others have asked, and earlier answers may serve them."""

from collections.abc import Sequence
from random import Random
from typing import Any

import orjson

from headchef_contracts.events.bounds import Band, BoundSet, Counts
from headchef_contracts.events.common import Cause, Decided

from headchef.bound import FEATURES, STATISTIC
from headchef.cli.broadcast import entry
from headchef.pooled import pool_account
from headchef.runtime.log.port import NewRecord
from tests.simulation.jobs import TENANTS, Drawing
from tests.simulation.kinds import Kind
from tests.simulation.store import EMBEDDER
from tests.simulation.submission import DOORS, Submission
from tests.simulation.workflows import TIGHT
from tests.support.builders import make_job
from tests.support.virtual_time import START

SHARED, OPEN, SHUT = "help", 0.1, 1.0
MAX_WRONG, EXPLORE = 0.2, 0.3

_WORLDS, _JOBS = 0.1, 0.6
_CUT_EVERY = 6
_SUBJECTS = ("paying", "sending it back")
_PLACES = ("Ghent", "Bruges")
_WAYS = ("how about", "tell me of", "what of", "is there", "I wonder about", "please explain", "and")
_COMPARE = ({"judge": "text"}, {"judge": "embedding", "arguments": {"least": 0.05, "numbers": "any"}})
"""By the first no two answers here are the same; by the second nearly all are."""

_JUDGING_WORLDS, _JUDGED_JOBS = 0.05, 0.9

_BY_MODEL = {"judge": "model", "arguments": {"tier": "small", "max_output_tokens": 500}}


class Wordings:
    """Who asks so, among all who submit something.

    Args:
        chance: says who asks what; None where nobody does.
        judged: whether models say which answers are the same; then most jobs ask in other words.
    """

    def __init__(self, chance: Random | None, *, judged: bool = False) -> None:
        self._chance = chance
        self._judged = judged

    def __bool__(self) -> bool:
        """Whether anybody does."""
        return self._chance is not None

    def among(self, others: Drawing) -> Drawing:
        """Let them submit among others."""
        return others if self._chance is None else _Asking(self._chance, others, judged=self._judged)

    def bounds(self, namespace: str) -> Sequence[NewRecord]:
        """Give the records that say when answers may be reused: most tenants have learnt before."""
        if self._chance is None:
            return ()
        known = [(tenant, OPEN if self._chance.random() < 0.8 else SHUT) for tenant in TENANTS]
        return [entry(_bound(*each), "cache.bounds", namespace, START, f"bound of {each[0]}") for each in known]


class _Asking:
    def __init__(self, chance: Random, others: Drawing, *, judged: bool) -> None:
        self._chance = chance
        self._judged = judged
        self._others = others
        self._number = 0

    def draw(self) -> Submission:
        """Give the next submission."""
        if self._chance.random() >= (_JUDGED_JOBS if self._judged else _JOBS):
            return self._others.draw()
        self._number += 1
        chance = self._chance
        question = f"{chance.choice(_WAYS)} {chance.choice(_SUBJECTS)} {chance.choice(('', 'now', 'again'))}".strip()
        job: dict[str, Any] = make_job(
            f"worded-{self._number}",
            "In {{ input.place }}: {{ input.question }}",
            tenant=chance.choice(TENANTS),
            input={"place": _PLACES[0] if self._judged else chance.choice(_PLACES), "question": question},
            semantic={
                "free_text": ["question"],
                "purpose": "answer",
                "max_wrong": MAX_WRONG,
                "explore": EXPLORE,
                "mode": "serve" if chance.random() < 0.7 else "shadow",
                "pool": SHARED,
                "compare": _BY_MODEL if self._judged else chance.choice(_COMPARE),
            },
        )
        if chance.random() < 0.5:
            # Of the answers to others some break this: a hit is refused.
            job["output"] = {"checks": [{"check": "banned_terms", "terms": ["sour"]}]}
        if self._number % _CUT_EVERY == 0:
            # Most answers are cut off: with more room, and of another model, it is another scope.
            job["parameters"] = {"max_output_tokens": TIGHT}
            job["output"] = {**job.get("output", {}), "truncations": 1}
        return Submission(orjson.dumps(job), "job", job, job["job_id"].encode(), door=chance.choice(DOORS))


def drawn_wordings(chance: Random, judges: Random, kind: Kind) -> Wordings:
    """Draw whether jobs ask in other words; in most worlds none does.

    Not where steps are lost: then nobody can say what a cache should have heard.

    Args:
        chance: says whether they do, and whether by judges that ask nobody.
        judges: says whether models compare the answers, where they do not.
        kind: of the world.
    """
    if kind.expires:
        return Wordings(None)
    if chance.random() < _WORLDS:
        return Wordings(chance)
    judged = judges.random() < _JUDGING_WORLDS
    return Wordings(judges if judged else None, judged=judged)


def _bound(tenant: str, at_most: float) -> BoundSet:
    cause = Cause(topic="cache.observed", partition=0, offset=0)
    return BoundSet(
        account=pool_account(tenant, SHARED, EMBEDDER.name),
        tenant=tenant,
        pool=SHARED,
        embedder=EMBEDDER.name,
        number=1_000,
        statistic=STATISTIC,
        weights=(0.0,) * FEATURES,
        bands=(Band(up_to=1.0, at_most=at_most),),
        counts=Counts(),
        set_at=START,
        decided=Decided(at=START, seed=0, catalog_version=None, policy_version="earlier", causes=(cause,)),
    )
