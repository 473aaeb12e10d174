"""Who has a value: the first job to ask, until none of its runs holds it; whatever comes twice changes nothing."""

from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.accounts.reservations.policy import Known, ask, release
from headchef.accounts.reservations.records import (
    Claim,
    Holder,
    Told,
    read_holder,
    read_told,
    told_key,
)
from headchef.runtime.errors import UnknownVersion
from tests.support.builders import NOON

FIRST = Claim(0, 0)


class Said(NamedTuple):
    """A run of a job asks for the one value, or gives it back."""

    job_id: str
    claim: Claim
    asks: bool
    earlier: bool = False


class Book:
    """What is known of one value, as the stores keep it."""

    def __init__(self) -> None:
        self.holder: Holder | None = None
        self.told: dict[tuple[str, Claim], Told] = {}

    def say(self, said: Said) -> Known:
        known = Known(self.holder, self.told.get((said.job_id, said.claim)))
        if said.asks:
            known = ask(known, said.job_id, said.claim, "Best of Ghent", NOON)
        else:
            known = release(known, said.job_id, said.claim, earlier=said.earlier)
        self.holder = known.holder
        if known.told is not None:
            self.told[said.job_id, said.claim] = known.told
        return known


claims = st.builds(Claim, st.integers(0, 1), st.integers(0, 1))
said = st.builds(Said, st.sampled_from("abc"), claims, st.booleans(), st.booleans())


@given(st.lists(said, max_size=30))
def test_no_two_jobs_have_it_at_once(all_said: list[Said]) -> None:
    book, having = Book(), dict[str, set[Claim]]()
    for each in all_said:
        known = book.say(each)
        if not each.asks:
            left = having.get(each.job_id, set())
            left -= {claim for claim in left if claim == each.claim or (each.earlier and claim < each.claim)}
        elif known.told is None:
            having.setdefault(each.job_id, set()).add(each.claim)
        assert sum(bool(held) for held in having.values()) <= 1
        assert book.holder is None or having[book.holder.job_id] == set(book.holder.claims)


@given(st.lists(said, max_size=30))
def test_whoever_asks_gets_it_if_nobody_has_it_and_it_has_not_been_told_otherwise(all_said: list[Said]) -> None:
    book = Book()
    for each in all_said:
        is_free, is_told = book.holder is None, (each.job_id, each.claim) in book.told
        known = book.say(each)
        if each.asks and is_free and not is_told:
            assert known.told is None


@given(st.lists(said, max_size=20), st.lists(st.integers(1, 3), min_size=20, max_size=20))
def test_what_comes_again_at_once_changes_nothing(all_said: list[Said], times: list[int]) -> None:
    once, again = Book(), Book()
    for each, count in zip(all_said, times, strict=False):
        wanted = once.say(each)
        assert [again.say(each) for _ in range(count)] == [wanted] * count


@given(st.lists(said, max_size=40))
def test_a_run_is_told_the_same_again_until_it_gives_back(all_said: list[Said]) -> None:
    book = Book()
    answers: dict[tuple[str, Claim], Told | None] = {}
    for each in all_said:
        known, who = book.say(each), (each.job_id, each.claim)
        if each.asks:
            assert answers.setdefault(who, known.told) == known.told
        else:
            answers[who] = Told()
            for job_id, claim in list(answers):
                if each.earlier and job_id == each.job_id and claim < each.claim:
                    del answers[job_id, claim]


def test_a_rerun_has_what_the_job_has_and_takes_nothing_from_it_when_it_fails() -> None:
    book = Book()
    book.say(Said("a", FIRST, asks=True))
    assert book.say(Said("a", Claim(0, 1), asks=True)).told is None
    book.say(Said("a", Claim(0, 1), asks=False))
    assert book.holder is not None
    assert book.say(Said("b", FIRST, asks=True)).told == Told(taken_by="a")


def test_the_end_of_an_older_run_takes_nothing_from_a_newer_one() -> None:
    book = Book()
    book.say(Said("a", FIRST, asks=True))
    book.say(Said("a", Claim(1, 0), asks=True))
    book.say(Said("a", FIRST, asks=False))
    assert book.holder is not None
    assert book.holder.claims == (Claim(1, 0),)
    book.say(Said("a", Claim(1, 0), asks=False))
    assert book.holder is None


def test_another_job_gives_back_nothing_of_the_holder() -> None:
    book = Book()
    book.say(Said("a", FIRST, asks=True))
    book.say(Said("b", FIRST, asks=False))
    assert book.holder is not None
    assert book.holder.job_id == "a"


def test_more_runs_than_are_told_apart_hold_it_until_an_operator_takes_it_away() -> None:
    book = Book()
    runs = [Claim(0, run) for run in range(9)]
    for claim in runs:
        book.say(Said("a", claim, asks=True))
    for claim in runs:
        book.say(Said("a", claim, asks=False))
    assert book.holder is not None
    assert (book.holder.claims, book.holder.older) == ((), True)
    book.say(Said("a", runs[-1], asks=False, earlier=True))
    assert book.holder is None


def test_an_operator_takes_it_from_all_runs_but_newer_ones() -> None:
    book = Book()
    for run in range(3):
        book.say(Said("a", Claim(0, run), asks=True))
    book.say(Said("a", Claim(0, 1), asks=False, earlier=True))
    assert book.holder is not None
    assert book.holder.claims == (Claim(0, 2),)


@given(st.builds(Holder, job_id=st.text(min_size=1), value=st.text(), since=st.just(NOON), claims=st.tuples(claims)))
def test_a_holder_is_read_as_it_was_written(holder: Holder) -> None:
    assert read_holder(holder.written()) == holder


@given(st.builds(Told, taken_by=st.none() | st.text(min_size=1)))
def test_what_was_told_is_read_as_it_was_written(told: Told) -> None:
    assert read_told(told.written()) == told


def test_a_newer_form_is_refused() -> None:
    later = Holder(v=2, job_id="a", value="x", since=NOON + timedelta(days=1), claims=(FIRST,))
    with pytest.raises(UnknownVersion, match="the holder of a reserved value has version 2"):
        read_holder(later.written())
    with pytest.raises(UnknownVersion, match="what a job was told of a reserved value has version 2"):
        read_told(Told(v=2).written())


@given(st.lists(st.tuples(st.sampled_from("ab/\x01"), st.sampled_from("ab1"), claims), unique=True))
def test_no_two_runs_share_what_they_were_told(runs: list[tuple[str, str, Claim]]) -> None:
    assert len({told_key(*run) for run in runs}) == len(runs)
