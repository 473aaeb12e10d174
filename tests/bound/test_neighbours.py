"""What is seen of a neighbourhood: whether it agrees, and how near it is, and nothing of what groups are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.bound import FEATURES, MOST, Neighbour, features

NEAR = st.lists(st.tuples(st.floats(-1, 1), st.sampled_from("abc")), min_size=1, max_size=12).map(
    lambda pairs: [Neighbour(score, group) for score, group in sorted(pairs, reverse=True)]
)


@given(NEAR)
def test_there_are_always_as_many_and_the_first_is_1(near: list[Neighbour]) -> None:
    seen = features(near)
    assert len(seen) == FEATURES
    assert seen[0] == 1.0


@given(NEAR)
def test_the_names_of_groups_say_nothing(near: list[Neighbour]) -> None:
    names = {"a": "z", "b": "a", "c": "other"}
    assert features(near) == features([Neighbour(each.score, names[each.group]) for each in near])


@given(NEAR)
def test_those_behind_the_eighth_say_nothing(near: list[Neighbour]) -> None:
    assert features(near) == features([*near[:MOST], *near[MOST:][::-1]])
    assert features(near) == features(near[:MOST])


@pytest.mark.parametrize(("groups", "agreement"), [("aaaa", 1.0), ("abab", 0.5), ("abbb", 0.25)])
def test_agreement_is_the_share_of_the_votes(groups: str, agreement: float) -> None:
    assert features([Neighbour(0.8, group) for group in groups])[2] == pytest.approx(agreement)


def test_the_nearer_weigh_more_and_the_other_group_stands_off() -> None:
    near = features([Neighbour(0.9, "a"), Neighbour(0.5, "b")])
    assert near[2] > 0.9
    assert near[3] == pytest.approx(0.4)
