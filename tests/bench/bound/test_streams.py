"""What is compared in the benchmark of the bound: each way serves and learns as it says."""

import gzip
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from headchef.embedding import HashedEmbedder
from tests.bench.bound.near import Stored, Vectors, embedded
from tests.bench.bound.questions import WAVES, NoData, ordered, read_questions
from tests.bench.bound.streams import best_threshold, by_score, ours, vcache
from tests.bench.bound.vcache import VCache

_WORDS = ("opening hours", "price of a ticket", "way to the museum", "lost umbrella")


@pytest.fixture(scope="module")
def answers() -> Sequence[int]:
    return [number % len(_WORDS) for number in range(1200)]


@pytest.fixture(scope="module")
def vectors(answers: Sequence[int]) -> Vectors:
    chance = Random(1)
    fillers = ["please", "tell", "me", "now", "about", "the", "of", "what", "is", "and", "for", "you"]
    texts = [
        f"{' '.join(chance.sample(fillers, 5))} {_WORDS[answer]} {number}" for number, answer in enumerate(answers)
    ]
    return embedded(HashedEmbedder(), texts)


def test_the_nearest_stored_one_is_found_whether_it_is_listed_or_not(vectors: Vectors, answers: Sequence[int]) -> None:
    stored, chance, among = Stored(vectors, answers), Random(2), list[int]()
    for question in chance.sample(range(1200), 60):
        scores = sorted((float(vectors.rows[other] @ vectors.rows[question]) for other in among), reverse=True)
        assert [score for _, score in stored.nearest(question)] == pytest.approx(scores[:8], abs=1e-5)
        stored.add(question)
        among.append(question)


def test_the_best_threshold_serves_most_of_those_that_keep_the_limit() -> None:
    seen = [(0.9, False), (0.8, True), (0.7, False), (0.6, False), (0.6, True), (0.5, False)]
    assert best_threshold(seen, 0.0, 10).served == 1
    # Of four a quarter is wrong, but the fifth has the same score as the fourth.
    assert best_threshold(seen, 0.25, 10).served == 1
    assert best_threshold(seen, 0.4, 10).served == 6
    assert best_threshold(seen, 0.4, 10).share_served == 0.6


def test_the_threshold_looks_at_questions_by_their_score(vectors: Vectors, answers: Sequence[int]) -> None:
    seen = by_score(vectors, answers, range(1200))
    assert len(seen) == 1199
    assert all(one[0] >= other[0] for one, other in pairwise(seen))


def test_the_bound_serves_what_is_easy_and_keeps_its_limit(vectors: Vectors, answers: Sequence[int]) -> None:
    outcome = ours(vectors, answers, ordered(answers, "random", 1), 0.05, 1)
    assert outcome.share_served > 0.3
    assert outcome.share_wrong <= 0.05


def test_vcache_serves_what_is_easy_and_keeps_its_limit_of_all(vectors: Vectors, answers: Sequence[int]) -> None:
    outcome = vcache(vectors, answers, ordered(answers, "random", 1), 0.05, 1)
    assert outcome.share_served > 0.3
    assert outcome.share_wrong_of_all <= 0.05


def test_vcache_serves_even_a_hopeless_hit_now_and_then() -> None:
    cache, chance = VCache(0.1), Random(1)
    for number in range(20):
        cache.learn(0, 0.5 + number / 100, right=False)
    served = sum(cache.is_served(0, 0.55, chance.random()) for _ in range(5000))
    assert 0.08 < served / 5000 < 0.12


def test_vcache_serves_nothing_before_six_observations() -> None:
    cache = VCache(0.2)
    for number in range(6):
        assert not cache.is_served(0, 0.99, 0.9999)
        cache.learn(0, 0.9 + number / 100, right=True)
    assert cache.is_served(0, 0.99, 0.9999)


def test_in_waves_new_things_are_asked_about_later() -> None:
    about = [number % 50 for number in range(5000)]
    order = ordered(about, "waves", 3)
    assert sorted(order) == list(range(5000))
    firsts: dict[int, int] = {}
    for place, question in enumerate(order):
        firsts.setdefault(about[question], place)
    early = sum(place < 150 for place in firsts.values())
    assert early == 50 / WAVES


def test_questions_out_of_scope_have_answers_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl.gz"
    rows = [{"text": name, "intent": name} for name in ("a", "oos", "b", "a", "oos")]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    assert read_questions(path).answers == [0, 1, 2, 0, 3]


def test_without_the_data_it_says_what_belongs_where(tmp_path: Path) -> None:
    with pytest.raises(NoData, match=r"none\.gz is not there: put CLINC150 there .* intent oos for none"):
        read_questions(tmp_path / "none.gz")
