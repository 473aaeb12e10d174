"""Why jobs had no good answer: few words of each, and the most frequent of many kinds."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.batches import (
    MAX_REASON_TEXT,
    MAX_REASONS_OF_A_BATCH,
    MAX_REASONS_OF_A_JOB,
    CountedReason,
    Reason,
)
from headchef_contracts.events.common import Finding
from headchef_contracts.events.jobs import JobStatus

from headchef.batches.reasons import in_words, reasons_of, with_reasons
from tests.batches.builders import make_finished


def finding(path: str = "", check: str = "chars", message: str = "has 9 characters") -> Finding:
    return Finding(check=check, path=path, message=message)


def of(*findings: Finding, status: JobStatus = "rejected") -> tuple[Reason, ...]:
    return reasons_of(make_finished(status=status).model_copy(update={"findings": findings}))


def test_a_rejected_job_says_what_checks_found_each_kind_once() -> None:
    found = of(finding("/title"), finding("/bullets/0"), finding("/bullets/12", message="has 11"), finding("/1/a/2/b3"))
    assert [(each.check, each.path, each.message) for each in found] == [
        ("chars", "/title", "has 9 characters"),
        ("chars", "/bullets/*", "has 9 characters"),
        ("chars", "/*/a/*/b3", "has 9 characters"),
    ]


def test_a_failed_job_says_why_it_failed_and_what_was_found_in_one_of_its_steps() -> None:
    found = of(finding("/title"), status="failed")
    assert [(each.failure, each.check, each.message) for each in found] == [
        ("timeout", None, "30 s"),
        (None, "chars", "has 9 characters"),
    ]


@pytest.mark.parametrize("status", ["ok", "needs_review", "cancelled"])
def test_any_other_job_says_nothing(status: JobStatus) -> None:
    assert of(finding("/title"), status=status) == ()


def test_what_is_said_of_a_job_is_bounded() -> None:
    found = of(*(finding(f"/{'x' * 500}{number}", message="y" * 500) for number in range(9)))
    assert len(found) == 1, "what differs beyond the cut is one kind"
    assert (len(found[0].path), len(found[0].message)) == (MAX_REASON_TEXT, MAX_REASON_TEXT)
    assert found[0].message.endswith("y…")
    assert len(of(*(finding(f"/a{number}") for number in range(9)))) == MAX_REASONS_OF_A_JOB


@given(st.lists(st.sets(st.integers(0, 30), max_size=MAX_REASONS_OF_A_JOB), max_size=300))
def test_of_many_kinds_the_frequent_ones_are_kept_with_counts_that_are_never_too_small(told: list[set[int]]) -> None:
    kept: tuple[CountedReason, ...] = ()
    for job in told:
        kept = with_reasons(kept, [Reason(check=f"check_{kind}", message="no") for kind in sorted(job)])
    right = Counter(f"check_{kind}" for job in told for kind in job)
    assert len(kept) == min(len(right), MAX_REASONS_OF_A_BATCH)
    assert [each.jobs for each in kept] == sorted((each.jobs for each in kept), reverse=True)
    for each in kept:
        assert each.jobs - each.doubtful <= right[each.check or ""] <= each.jobs
    missing = right.keys() - {each.check for each in kept}
    assert all(right[name] <= right.total() / MAX_REASONS_OF_A_BATCH for name in missing)


def test_the_first_job_s_words_are_the_example() -> None:
    kept = with_reasons((), [Reason(check="chars", path="/title", message="has 9")])
    [again] = with_reasons(kept, [Reason(check="chars", path="/title", message="has 11")])
    assert (again.jobs, again.message, in_words(again)) == (2, "has 9", "chars at /title")
    assert in_words(Reason(failure="timeout", message="30 s")) == "timeout"
