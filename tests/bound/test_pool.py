"""A pool learns which answers may be reused, serves none before it knows, and stops when they grow worse."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.bound import FEATURES, Bound, Label, Neighbour, Pool, features, new_pool, read_pool
from headchef.bound.limits import EDGES

_GOOD, _BAD = 0.002, 0.4


class Questions:
    """Questions of two kinds: such whose neighbours agree, and such whose do not.

    Args:
        seed: of chance.
    """

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)

    def next(self) -> tuple[tuple[float, ...], bool]:
        """Give a question's features, and whether its neighbours agree."""
        agree = self.chance.random() < 0.6
        best = self.chance.uniform(0.6, 0.95)
        groups = "aaaaaaaa" if agree else "abacbadc"
        return features([Neighbour(best - 0.02 * place, group) for place, group in enumerate(groups)]), agree


def streamed(
    pool: Pool, seed: int, questions: int, good: float = _GOOD, max_wrong: float = 0.02, explore: float = 0.1
) -> tuple[Pool, int, int]:
    """Let questions come; give the pool after them, how many were served, and how many of those were wrong."""
    asked, served, errors = Questions(seed), 0, 0
    for _ in range(questions):
        seen, agree = asked.next()
        bound = pool.bound()
        choice = bound.choose(seen, max_wrong, explore, asked.chance.random())
        wrong = asked.chance.random() < (good if agree else _BAD)
        if choice == "serve":
            served, errors = served + 1, errors + wrong
        else:
            pool = pool.learn(Label(seen, bound.wrong(seen), wrong, choice == "explore", explore))
    return pool, served, errors


def is_open(pool: Pool, max_wrong: float = 0.02) -> bool:
    return any(band.at_most <= max_wrong for band in pool.bound().bands)


def test_questions_whose_neighbours_agree_are_served_within_the_limit() -> None:
    pool, served, errors = streamed(new_pool(), 1, 6000)
    assert served > 2000
    assert errors <= 0.02 * served
    sure = features([Neighbour(0.8, "a")] * 8)
    torn = features([Neighbour(0.8 - 0.01 * place, group) for place, group in enumerate("abacbadc")])
    assert pool.bound().choose(sure, 0.02, 0.1, 0.5) == "serve"
    assert pool.bound().choose(torn, 0.02, 0.1, 0.5) == "ask"


def test_the_realised_share_is_within_the_limit_in_nearly_all_streams() -> None:
    outcomes = [streamed(new_pool(), seed, 1500, good=0.03, max_wrong=0.1)[1:] for seed in range(20)]
    assert sum(served > 100 for served, _ in outcomes) > 15
    assert sum(errors > 0.1 * served for served, errors in outcomes) <= 1


@given(st.integers(0, 200), st.integers(0, 2**32))
def test_nothing_is_served_before_there_are_enough_labels(count: int, seed: int) -> None:
    pool, chance = new_pool(), Random(seed)
    for _ in range(count):
        seen = features([Neighbour(chance.random(), "a") for _ in range(8)])
        pool = pool.learn(Label(seen, chance.random() * 0.001, wrong=False))
    # Two hundred without an error leave room for more than 2 of 100.
    assert not is_open(pool)


def test_a_limit_of_nought_is_never_kept() -> None:
    pool, served, _ = streamed(new_pool(), 3, 3000, good=0.0, max_wrong=0.0)
    assert served == 0
    assert min(band.at_most for band in pool.bound().bands) > 0


def test_without_a_neighbour_one_asks() -> None:
    pool, _, _ = streamed(new_pool(), 1, 3000)
    assert features([]) == ()
    assert pool.bound().wrong(()) == 1.0
    assert pool.bound().choose((), 0.2, 0.1, 0.99) == "ask"


def test_as_many_are_explored_as_was_said() -> None:
    pool, _, _ = streamed(new_pool(), 1, 4000)
    sure, chance = features([Neighbour(0.8, "a")] * 8), Random(1)
    choices = [pool.bound().choose(sure, 0.02, 0.1, chance.random()) for _ in range(10_000)]
    assert 850 < choices.count("explore") < 1150
    assert "ask" not in choices


def test_when_answers_grow_wrong_after_a_long_good_time_it_soon_closes_and_opens_when_they_are_right_again() -> None:
    pool, served, errors = streamed(new_pool(), 1, 12_000)
    assert is_open(pool)
    pool, more_served, more_errors = streamed(pool, 2, 4000, good=0.3)
    assert not is_open(pool)
    # Had nobody noticed, it were two thousand.
    assert more_served < 500
    assert errors + more_errors <= 0.02 * (served + more_served)
    pool, served, errors = streamed(pool, 3, 8000)
    assert is_open(pool)
    assert errors <= 0.02 * served


def test_errors_that_people_find_close_it_too() -> None:
    pool, _, _ = streamed(new_pool(), 1, 12_000)
    sure = features([Neighbour(0.8, "a")] * 8)
    guess = pool.bound().wrong(sure)
    pool = pool.found_wrong(guess)
    assert is_open(pool)
    before, pool = pool.bound(), pool.found_wrong(guess)
    assert pool.bound().number == before.number + 1
    assert pool.bound().limit(guess) > before.limit(guess)
    # Beside ten thousand right ones they were little; in a row they are not.
    for _ in range(50):
        pool = pool.found_wrong(guess)
    assert not is_open(pool)


def test_an_explored_label_weighs_as_much_more_as_it_stands_for() -> None:
    """Of what is asked anyhow, twenty labels are as many questions as one is of which one in twenty is looked at."""
    pool = new_pool()
    seen = features([Neighbour(0.8, "a")] * 8)
    explored = Label(seen, 0.001, wrong=False, explored=True, explore=0.05)
    asked = Label(seen, 0.1, wrong=False)
    pool = pool.learn(explored)
    for _ in range(20):
        pool = pool.learn(replace(explored, explored=False, wrong_guess=0.1))
    weights = [tally.weight for tally in pool.tallies]
    assert weights[0] == 1.0
    assert sum(weights[1:]) == pytest.approx(1.0, rel=0.05)
    assert new_pool().learn(asked).tallies[10].weight == 1.0


@given(st.integers(0, 2**32), st.integers(0, 80))
def test_what_is_written_is_read(seed: int, questions: int) -> None:
    pool, _, _ = streamed(new_pool(), seed, questions)
    assert read_pool(pool.written()) == pool
    assert len(pool.written()) < 6000


def test_what_is_suspected_of_what_is_served_is_written_too() -> None:
    pool, _, _ = streamed(new_pool(), 1, 4000)
    suspicious = pool.found_wrong(0.001)
    assert max(suspicious.drift.sums) > 0
    assert read_pool(suspicious.written()) == suspicious


def test_what_another_version_has_written_is_not_read() -> None:
    written = json.loads(new_pool().written())
    with pytest.raises(ValueError, match="a pool of the statistic 'other-9' is not to be read as one of 'agreement-1'"):
        read_pool(json.dumps(["other-9", *written[1:]]).encode())


def test_features_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match=f"`features` must have {FEATURES} numbers, and has 2"):
        new_pool().learn(Label((1.0, 0.5), 0.5, wrong=False))


def test_a_bound_has_another_number_if_and_only_if_it_differs() -> None:
    pool, asked, said = new_pool(), Questions(5), dict[int, Bound]()
    for _ in range(600):
        seen, _ = asked.next()
        pool = pool.learn(Label(seen, pool.bound().wrong(seen), asked.chance.random() < 0.1))
        assert said.setdefault(pool.bound().number, pool.bound()) == pool.bound()
    assert len(said) == 600 // 25 + 1
    assert [band.up_to for band in pool.bound().bands] == list(EDGES)


def test_the_same_labels_lead_to_the_same_bound() -> None:
    assert streamed(new_pool(), 7, 1500) == streamed(new_pool(), 7, 1500)


SURE = features([Neighbour(0.9, "a")] * 8)


def suspected(seed: int, questions: int, decided: float, wrong_share: float, at_once: int = 1) -> Pool:
    """Let questions come of which the right ones are known at once, as words say so, and the others suspected.

    Args:
        seed: of chance.
        questions: how many come.
        decided: the share of the suspected ones of which somebody says that they are wrong; of the others nobody does.
        wrong_share: of all that are wrong.
        at_once: so many are suspected at a time before the first of them is decided.
    """
    pool, chance, waiting = new_pool(), Random(seed), list[tuple[str, Label]]()
    for number in range(questions):
        label = Label(SURE, pool.bound().wrong(SURE), chance.random() < wrong_share)
        if not label.wrong:
            pool = pool.learn(label)
            continue
        pool = pool.suspect(f"{number}", label)
        if chance.random() < decided:
            waiting.append((f"{number}", label))
        if len(waiting) >= at_once:
            pool = pool.decide(*waiting.pop(0))
    return pool


@pytest.mark.parametrize("decided", [1.0, 0.3, 0.0])
@pytest.mark.parametrize("at_once", [1, 64])
def test_a_pool_does_not_open_for_want_of_those_who_find_answers_wrong(decided: float, at_once: int) -> None:
    assert not any(is_open(suspected(seed, 1500, decided, 0.1, at_once), 0.05) for seed in range(5))


def test_what_was_suspected_and_is_right_counts_as_if_it_had_been_known_at_once() -> None:
    known = suspected = new_pool()
    for number in range(400):
        label = Label(SURE, 0.001, wrong=number % 100 == 0)
        known = known.learn(label)
        suspected = suspected.suspect(f"{number}", label)
    assert suspected.labels == 0
    assert max(each.losses[0] for each in suspected.tallies) == 0
    assert min(each.losses[0] for each in suspected.tallies) < -1000
    for number in range(400):
        suspected = suspected.decide(f"{number}", Label(SURE, 0.001, wrong=number % 100 == 0))
    assert suspected.suspects == {}
    for one, other in zip(known.tallies, suspected.tallies, strict=True):
        assert one.weight == pytest.approx(other.weight)
        assert one.losses == pytest.approx(other.losses)


def test_what_was_suspected_before_an_alarm_does_not_count_after_it() -> None:
    pool, _, _ = streamed(new_pool(), 1, 4000)
    pool = pool.suspect("before", Label(SURE, 0.001, wrong=False))
    while pool.suspects:
        pool = pool.found_wrong(0.001)
    nothing = new_pool().tallies
    assert pool.tallies == nothing
    assert pool.decide("before", Label(SURE, 0.001, wrong=False)).tallies == nothing


def test_who_is_suspected_is_written_and_read() -> None:
    pool = new_pool().suspect("one", Label(SURE, 0.001, wrong=False))
    assert read_pool(pool.written()) == pool
