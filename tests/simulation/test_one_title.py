"""Two hundred jobs that want one title: one comes to a good end with it, the others are told which has it."""

from collections.abc import Sequence
from random import Random

import orjson
import pytest

from tests.simulation.evidence import Evidence
from tests.simulation.faults import drawn
from tests.simulation.history import Happened
from tests.simulation.invariants import violations
from tests.simulation.kinds import AT_LEAST_ONCE, EXACTLY_ONCE, GROWING, Kind
from tests.simulation.loop import SeededLoop
from tests.simulation.reserved import winners
from tests.simulation.reserving import TITLED
from tests.simulation.run import lived
from tests.simulation.services import ACCOUNTS, drawn_services
from tests.simulation.submission import DOORS, Submission
from tests.simulation.world import World

JOBS = 200


class OneTitle:
    """Submits jobs that all want the same, and write it in several ways."""

    def __init__(self) -> None:
        self._number = 0

    def draw(self) -> Submission:
        self._number += 1
        title = ("Best of Ghent", "BEST OF GHENT", " Best  of Ghent")[self._number % 3]
        job = {
            "job_id": f"page-{self._number}",
            "workflow": TITLED,
            "input": {"site": "ghent.example", "title": title, "slugs": [], "about": f"page {self._number}"},
        }
        job_id = f"page-{self._number}".encode()
        return Submission(orjson.dumps(job), "job", job, job_id, door=DOORS[self._number % 2])


def seeds(count: int) -> list[int]:
    """Give the first seeds whose worlds keep accounts."""
    found = (seed for seed in range(1_000) if ACCOUNTS in drawn_services(Random(f"{seed} services")))
    return [seed for seed, _ in zip(found, range(count), strict=False)]


def answers(evidence: Evidence) -> Sequence[Happened]:
    return evidence.every("reservations.answered")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [EXACTLY_ONCE, GROWING, AT_LEAST_ONCE])
@pytest.mark.parametrize("seed", seeds(3))
def test_of_two_hundred_jobs_that_want_one_title_one_comes_to_a_good_end(seed: int, kind: Kind) -> None:
    loop = SeededLoop(Random(f"{seed} turns"))
    try:
        world = World(seed, kind, drawn(Random(f"{seed} faults")), loop)
        world.upstream = OneTitle()
        evidence = loop.run_until_complete(lived(world, seed, JOBS))
        assert violations(evidence) == []
        assert len({job.job_id for job in evidence.led}) == JOBS
        assert winners(evidence) == 1
        told = {event.job: event.data["taken_by"] for event in answers(evidence) if "taken_by" in event.data}
        for event in evidence.every("jobs.finished"):
            if event.job in told:
                assert f"is held by the job '{told[event.job]}'" in event.data["failure"]["message"]
        assert len(told) > JOBS / 2
        world.cluster.close()
    finally:
        loop.close()
