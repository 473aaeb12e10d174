"""Which answers are known to be wrong: by their text for ever, or by when they were given."""

from dataclasses import replace
from datetime import timedelta

from headchef_contracts.events.corrections import MOST_TEXTS

from headchef.cache.wrong import WrongAnswers
from tests.cache.builders import make_answer, make_stored
from tests.cache.corrected import make_corrected
from tests.support.manual_clock import START

SECOND = timedelta(seconds=1)


def test_nothing_is_wrong_at_first() -> None:
    assert not WrongAnswers().has(make_stored())


def test_a_text_is_wrong_whoever_gives_it_and_whenever() -> None:
    wrong = WrongAnswers().having(make_corrected())
    assert wrong.has(make_stored())
    assert wrong.has(replace(make_stored(), source_job_id="job-9", settled_at=START + SECOND))
    assert not wrong.has(make_stored(text="A finer car."))


def test_what_was_given_before_is_wrong_where_its_text_is_not_known() -> None:
    wrong = WrongAnswers().having(make_corrected(answer=None))
    assert wrong.has(make_stored())
    assert wrong.has(make_stored(text="A finer car."))
    assert not wrong.has(replace(make_stored(), settled_at=START + SECOND))


def test_a_later_correction_keeps_the_earlier_ones() -> None:
    wrong = WrongAnswers().having(make_corrected())
    wrong = wrong.having(make_corrected(answer=make_answer("A finer car.")))
    assert wrong.has(make_stored())
    assert wrong.has(make_stored(text="A finer car."))
    later = wrong.having(make_corrected(answer=None, at=START - SECOND))
    assert later.having(make_corrected(answer=None, at=START - 2 * SECOND)) == later
    assert later.texts == wrong.texts


def test_the_same_is_remembered_once() -> None:
    once = WrongAnswers().having(make_corrected())
    assert once.having(make_corrected(job_id="job-7")) == once


def test_of_too_many_wrong_answers_none_before_is_trusted() -> None:
    wrong = WrongAnswers()
    for number in range(MOST_TEXTS):
        wrong = wrong.having(make_corrected(answer=make_answer(f"car {number}")))
    assert not wrong.has(make_stored(text="another"))
    wrong = wrong.having(make_corrected(answer=make_answer("one more")))
    assert len(wrong.texts) == MOST_TEXTS
    assert wrong.has(make_stored(text="another"))
    assert not wrong.has(replace(make_stored(text="another"), settled_at=START + SECOND))
