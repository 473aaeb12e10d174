"""In some worlds many want to know the same at once: a question that is asked again and again while it is answered."""

from random import Random

import orjson

from headchef_contracts.events.common import JOB_CLASSES

from tests.simulation.jobs import BATCHES, TEAMS, TENANTS, Drawing
from tests.simulation.order import order_of
from tests.simulation.services import CATALOGUE
from tests.simulation.submission import DOORS, Submission
from tests.simulation.taste import wanted_by
from tests.support.builders import make_job

_WORLDS, _SHARE, _ANOTHER = 0.15, 0.7, 0.06


def drawn_crowd(chance: Random) -> bool:
    """Draw whether a world has a crowd."""
    return chance.random() < _WORLDS


class Crowd:
    """Asks one question after the other many times, among what others submit.

    Args:
        chance: says when, and what.
        others: draw all else.
    """

    def __init__(self, chance: Random, others: Drawing) -> None:
        self._chance = chance
        self._others = others
        self._number = 0
        self._questions = 0
        self._begin()

    def draw(self) -> Submission:
        """Give the next submission. What its jobs want of the answer differs: that is no part of the question."""
        if self._chance.random() >= _SHARE:
            return self._others.draw()
        if self._chance.random() < _ANOTHER:
            self._begin()
        self._number += 1
        job = make_job(f"crowd-{self._number}", f"What everybody asks {self._questions}.", tenant=self._tenant)
        job |= {"batch_id": BATCHES[self._number % len(BATCHES)], "labels": {"team": TEAMS[self._number % 2]}}
        job |= {"class": self._chance.choice(JOB_CLASSES), "model": self._model}
        if output := wanted_by(self._number, of_form=False):
            job["output"] = output
        if self._chance.random() < 0.1:
            job["cache"] = "bypass"
        return Submission(orjson.dumps(job), "job", job, job["job_id"].encode(), door=self._chance.choice(DOORS))

    def _begin(self) -> None:
        self._questions += 1
        self._tenant = self._chance.choice(TENANTS)
        self._model = self._chance.choice([name for name in CATALOGUE.models if order_of({"model": name})])
