"""Interactive work comes first, and bulk has its share exactly, however long both wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.common import JobClass

from headchef.runtime.turns import Turns

SHARES = st.integers(10, 500).map(lambda thousandths: thousandths / 1000)


def drawn(turns: Turns, *, interactive: bool, bulk: bool) -> JobClass | None:
    """Have the next one begin."""
    job_class = turns.whose(interactive=interactive, bulk=bulk)
    if job_class is not None:
        turns.began(job_class, contended=interactive and bulk)
    return job_class


def test_of_ten_that_begin_while_both_wait_one_is_bulk() -> None:
    turns = Turns(0.1)
    begun = [drawn(turns, interactive=True, bulk=True) for _ in range(30)]
    assert begun == (["interactive"] * 9 + ["bulk"]) * 3


@given(SHARES, st.lists(st.sampled_from([(True, False), (False, True), (True, True)]), max_size=60), st.data())
def test_bulk_has_its_share_of_every_stretch_in_which_both_wait(
    share: float, before: list[tuple[bool, bool]], data: st.DataObject
) -> None:
    turns = Turns(share)
    for interactive, bulk in before:
        drawn(turns, interactive=interactive, bulk=bulk)
    bulk_starts = 0
    for number in range(1, data.draw(st.integers(1, 400)) + 1):
        bulk_starts += drawn(turns, interactive=True, bulk=True) == "bulk"
        assert abs(bulk_starts - share * number) <= 1 + 1e-9


@given(SHARES, st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_who_waits_alone_begins_at_once_and_nobody_begins_who_does_not_wait(
    share: float, waits: list[tuple[bool, bool]]
) -> None:
    turns = Turns(share)
    for interactive, bulk in waits:
        begun = drawn(turns, interactive=interactive, bulk=bulk)
        if interactive != bulk:
            assert begun == ("interactive" if interactive else "bulk")
        else:
            assert (begun is None) == (not interactive)


@given(SHARES, st.integers(0, 500))
def test_what_bulk_gains_alone_or_while_it_is_away_is_no_credit(share: float, alone: int) -> None:
    turns, fresh = Turns(share), Turns(share)
    for _ in range(alone):
        drawn(turns, interactive=False, bulk=True)
        drawn(turns, interactive=True, bulk=False)
    both = [(drawn(turns, interactive=True, bulk=True), drawn(fresh, interactive=True, bulk=True)) for _ in range(50)]
    assert all(one == other for one, other in both)


@pytest.mark.parametrize("share", [0, 0.009, 0.51, -1, 1])
def test_a_share_that_would_starve_somebody_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"from 0\.01 to 0\.5"):
        Turns(share)
