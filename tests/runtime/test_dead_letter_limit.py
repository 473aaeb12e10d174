"""The limit on dead letters: passed by the record after the last that is allowed, never by one that was taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.dead_letter_limit import DeadLetterPolicy, DeadLetterState
from headchef.runtime.errors import TooManyDeadLetters
from headchef.runtime.halting import DeadLetterGuard
from headchef.runtime.log.port import Record
from headchef.runtime.outcomes import Finished

NONE = DeadLetterPolicy(in_a_row=0, share=0, window=10)
ROW = DeadLetterPolicy(in_a_row=3, share=0, window=10)
SHARE = DeadLetterPolicy(in_a_row=0, share=0.5, window=4)
BOTH = DeadLetterPolicy(in_a_row=3, share=0.5, window=8)

IN_A_ROW, OF_THE_LAST = "HEADCHEF_DEAD_LETTERS_IN_A_ROW", "HEADCHEF_DEAD_LETTERS_SHARE"


def halted(policy: DeadLetterPolicy, records: str) -> tuple[int, str] | None:
    """Give the ordinal of the record that passes a limit, and the setting; x is a dead letter, . any other."""
    state = DeadLetterState(policy)
    for ordinal, record in enumerate(records):
        passed = state.take(dead=record == "x")
        if passed is not None:
            return ordinal, next(word for word in passed.split() if word.startswith("HEADCHEF_"))
    return None


@pytest.mark.parametrize(
    ("policy", "records", "expected"),
    [
        (NONE, "x" * 50, None),
        (ROW, "xxx", None),
        (ROW, "xxxx", (3, IN_A_ROW)),
        (ROW, "xxx.xxx.xxx", None),
        (ROW, ".xxx.xxxx", (8, IN_A_ROW)),
        (SHARE, "xx", None),
        (SHARE, "xxx", (2, OF_THE_LAST)),
        (SHARE, "x.x.x.x.x", None),
        (SHARE, "xx..xx..xx", None),
        (SHARE, "x.xx", (3, OF_THE_LAST)),
        (SHARE, "xx...xx..xx.x", (12, OF_THE_LAST)),
        (BOTH, "xxxx", (3, IN_A_ROW)),
        (BOTH, "xx.xx.x", (6, OF_THE_LAST)),
        (DeadLetterPolicy(1, 0, 10), "x.x.xx", (5, IN_A_ROW)),
        (DeadLetterPolicy(0, 1, 10), "x" * 50, None),
    ],
)
def test_the_record_that_passes_a_limit(
    policy: DeadLetterPolicy, records: str, expected: tuple[int, str] | None
) -> None:
    assert halted(policy, records) == expected


policies = st.builds(
    DeadLetterPolicy, in_a_row=st.integers(0, 6), share=st.sampled_from([0, 0.2, 0.5, 0.9, 1]), window=st.integers(1, 9)
)


@given(policies, st.text("x.", max_size=60))
def test_it_halts_at_the_first_dead_letter_that_breaks_a_rule(policy: DeadLetterPolicy, records: str) -> None:
    def breaks(upto: str) -> bool:
        row, window = len(upto) - len(upto.rstrip("x")), upto[-policy.window :]
        too_long = policy.in_a_row > 0 and row > policy.in_a_row
        return too_long or (policy.share > 0 and window.count("x") > policy.share * policy.window)

    expected = next((n for n, it in enumerate(records) if it == "x" and breaks(records[: n + 1])), None)
    found = halted(policy, records)
    assert (None if found is None else found[0]) == expected


@given(policies, st.text("x.", max_size=40))
def test_a_copy_has_a_progress_of_its_own(policy: DeadLetterPolicy, records: str) -> None:
    state = DeadLetterState(policy)
    for record in records:
        ahead = state.copy()
        answers = [ahead.take(dead=record == "x"), state.take(dead=record == "x")]
        ahead.take(dead=True)
        assert answers[0] == answers[1]


def finished(offset: int, topic: str = "internal", reason: str | None = "invalid") -> Finished:
    return Finished(Record(topic, 2, offset, 0, None, b"", ()), [], dead_reason=reason)


def make_guard(in_a_row: int) -> DeadLetterGuard:
    return DeadLetterGuard(DeadLetterPolicy(in_a_row, 0, 10), processor="cache", topics=["internal"])


def test_a_batch_is_cut_before_the_one_too_many_and_the_error_says_where_why_and_how_to_go_on() -> None:
    batch = [finished(number) for number in range(5)]
    kept, halt = make_guard(2).cut(batch)
    assert kept == batch[:2]
    assert isinstance(halt, TooManyDeadLetters)
    assert (halt.topic, halt.partition, halt.offset, halt.reason) == ("internal", 2, 2, "invalid")
    for part in ("cache", "internal[2] offset 2", "invalid", "2 records in a row", IN_A_ROW, "roll back", "anew"):
        assert part in str(halt)


def test_only_what_was_written_counts() -> None:
    guard, batch = make_guard(2), [finished(0), finished(1)]
    for _ in range(3):
        assert guard.cut(batch) == (batch, None)
    guard.written(batch)
    kept, halt = guard.cut([finished(2, reason=None), finished(3)])
    assert (len(kept), halt) == (2, None), "one that was taken ends the row"
    kept, halt = guard.cut([finished(3)])
    assert kept == []
    assert halt is not None


def test_what_anybody_may_publish_neither_counts_nor_ends_a_row() -> None:
    guard = make_guard(2)
    public = [finished(number, "public") for number in range(50)]
    assert guard.cut(public) == (public, None)
    guard.written([finished(0), *public, finished(50, "public", None), finished(1)])
    assert guard.cut([finished(2)])[0] == []
