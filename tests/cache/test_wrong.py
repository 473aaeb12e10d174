"""Which answers are known to be wrong: by their text for ever, or by when they were given."""

from dataclasses import replace
from datetime import datetime, timedelta

from headchef_contracts.events.common import Decided
from headchef_contracts.events.corrections import MOST_TEXTS, AnswerWithdrawn

from headchef.cache.wrong import WrongAnswers
from tests.cache.builders import CAUSE, make_answer, make_stored
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


def _withdrawn(wrong: WrongAnswers, at: datetime) -> AnswerWithdrawn:
    """Give the event in which a cache tells others what it knows."""
    corrected = make_corrected()
    return AnswerWithdrawn(
        fingerprint=corrected.fingerprint,
        tenant=corrected.tenant,
        texts=wrong.texts,
        by="ann",
        decided=Decided(at=at, seed=0, catalog_version=None, policy_version="1", causes=(CAUSE,)),
    )


def test_what_another_cache_tells_stays_wrong_too_where_both_know_more_than_is_remembered() -> None:
    ours, theirs = WrongAnswers(), WrongAnswers()
    for number in range(MOST_TEXTS):
        ours = ours.having(make_corrected(answer=make_answer(f"car {number}")))
    for number in range(10):
        theirs = theirs.having(make_corrected(answer=make_answer(f"bike {number}")))
    few = theirs.and_also(_withdrawn(WrongAnswers(ours.texts[:10]), START))
    assert (len(few.texts), few.until) == (20, None)
    both = ours.and_also(_withdrawn(theirs, START + SECOND))
    assert len(both.texts) == MOST_TEXTS
    for text in ("car 0", "bike 0", "bike 9", "of which nobody has said anything"):
        assert both.has(replace(make_stored(text=text), settled_at=START + SECOND))
    assert not both.has(replace(make_stored(text="another"), settled_at=START + 2 * SECOND))
    assert ours.and_also(_withdrawn(ours, START + SECOND)) == ours
