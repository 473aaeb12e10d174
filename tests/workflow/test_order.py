"""The order of steps: each after what it needs, circles found, and what nothing needs."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headchef.workflow.order import circle, ordered, reached

graphs = st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh"), max_size=3), max_size=8)


@given(graphs)
def test_each_step_comes_after_what_it_needs_or_a_circle_is_named(needs: dict[str, set[str]]) -> None:
    order, round_ = ordered(needs), circle(needs)
    for place, step in enumerate(order):
        assert all(need in order[:place] for need in needs[step] if need in needs)
    assert (len(order) == len(needs)) == (round_ == ())
    if round_:
        assert round_[0] == round_[-1]
        assert all(after in needs[before] for before, after in pairwise(round_))
        assert len(set(round_)) == len(round_) - 1


@given(graphs, st.sets(st.sampled_from("abcdefgh"), max_size=2))
def test_what_is_reached_is_what_is_needed_and_no_more(needs: dict[str, set[str]], ends: set[str]) -> None:
    found = reached(needs, ends)
    assert found >= {end for end in ends if end in needs}
    for step in found:
        assert {need for need in needs[step] if need in needs} <= found
        assert step in ends or any(step in needs[other] for other in found)


def test_steps_keep_their_order_where_they_can() -> None:
    assert ordered({"c": set(), "a": {"b"}, "b": {"c"}, "d": set()}) == ("c", "d", "b", "a")
    assert circle({"a": {"a"}}) == ("a", "a")
