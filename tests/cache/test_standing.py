"""Which choices stand, by what is known of invalidations."""

from datetime import timedelta

import pytest

from headchef_contracts.events.invalidations import InvalidatedScope
from headchef_contracts.events.semantic import Nearest

from headchef.cache.invalidated import Invalidated
from headchef.cache.policy import Choice, Hit, Pass
from headchef.cache.semantic import Guess
from headchef.cache.standing import Standing
from tests.cache.builders import make_stored
from tests.support.manual_clock import START

STORED = make_stored()
GUESS = Guess(
    Nearest(
        fingerprint="a" * 64,
        source_job_id="job-1",
        score=0.9,
        features=(0.9,),
        wrong=0.01,
        bound=1,
        choice="serve",
        embedder="hashed",
        pool="help",
    ),
    seed=7,
)
NOTHING, SAID = Invalidated(), Invalidated()
SAID.take(InvalidatedScope(tenant="default"), START + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("choice", "standing", "expected"),
    [
        (Hit(STORED), Standing(True, NOTHING), Hit(STORED)),
        (Hit(STORED), Standing(True, SAID), Pass("miss")),
        (Hit(STORED, "semantic", GUESS), Standing(True, SAID), Pass("miss", GUESS)),
        (Hit(STORED, "semantic", GUESS), Standing(False, NOTHING), Pass("bypass", GUESS)),
        (Hit(STORED), Standing(False, NOTHING), Pass("bypass")),
        (Pass("unavailable"), Standing(False, SAID), Pass("unavailable")),
        (Pass("miss", GUESS), Standing(True, SAID), Pass("miss", GUESS)),
    ],
)
def test_a_hit_stands_only_if_its_answer_is_known_to_hold(choice: Choice, standing: Standing, expected: Choice) -> None:
    assert standing.of(choice) == expected


def test_an_answer_is_given_on_only_if_it_is_known_to_hold() -> None:
    assert Standing(True, NOTHING).only(STORED) == STORED
    assert Standing(True, SAID).only(STORED) is None
    assert Standing(False, NOTHING).only(STORED) is None
    assert Standing(True, NOTHING).only(None) is None
