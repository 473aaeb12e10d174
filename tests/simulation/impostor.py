"""In some worlds a tenant is bound to an entry, and somebody claims it at the front doors: nothing may come of that."""

from collections.abc import Sequence
from random import Random

import orjson

from tests.simulation.crowds import Crowd, drawn_crowd
from tests.simulation.jobs import Drawing, Upstream
from tests.simulation.submission import DOORS, Submission
from tests.support.builders import make_job

BOUND = "initech"
"""Whose entry no world has: what is at the front doors in its name is nobody's."""

_WORLDS, _CLAIMS = 0.1, 0.15


def drawn_bound(chance: Random) -> Sequence[str]:
    """Draw the tenants that are bound to an entry of their own name; in most worlds none is."""
    return (BOUND,) if chance.random() < _WORLDS else ()


class Impostor:
    """Claims tenants that are bound, among what others submit.

    Args:
        chance: says when, and at which door.
        bound: the tenants.
        others: draw all else.
    """

    def __init__(self, chance: Random, bound: Sequence[str], others: Drawing) -> None:
        self._chance = chance
        self._bound = bound
        self._others = others
        self._number = 0

    def draw(self) -> Submission:
        """Give the next submission. A wrong claim is refused wherever it lies, and never sent home."""
        if self._chance.random() >= _CLAIMS:
            return self._others.draw()
        self._number += 1
        job = make_job(
            f"claimed-{self._number}", f"In the name of others {self._number}.", tenant=self._chance.choice(self._bound)
        )
        return Submission(orjson.dumps(job), "refused", None, b"claimed", door=self._chance.choice(DOORS))


def submitting(
    seed: int, bound: Sequence[str], counts: Sequence[int], workflows: Sequence[str], others: Sequence[str]
) -> Drawing:
    """Give who submits something to a world: upstream systems, in some a crowd, and an impostor where one is bound.

    Args:
        seed: of the world.
        bound: the tenants that are.
        counts: as for upstream systems; so are the two that follow.
        workflows: likewise.
        others: likewise.
    """
    upstream: Drawing = Upstream(Random(f"{seed} jobs"), counts, workflows, others)
    if drawn_crowd(crowding := Random(f"{seed} crowd")):
        upstream = Crowd(crowding, upstream)
    return Impostor(Random(f"{seed} impostor"), bound, upstream) if bound else upstream
