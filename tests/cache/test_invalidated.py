"""Which answers hold no longer after something was said of their tenants, tags, templates and sources."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.events.invalidations import InvalidatedScope
from headchef_contracts.events.semantic import Marks

from headchef.cache.invalidated import APART, Invalidated, Origin
from tests.support.manual_clock import START

A, B, C = "a" * 64, "b" * 64, "c" * 64
MARKED = Origin("acme", Marks(tags=("menu", "summer"), template=A, sources=(B,)), START)
SCOPES = {
    "tag": InvalidatedScope(tag="menu"),
    "template": InvalidatedScope(template=A),
    "source": InvalidatedScope(source=B),
    "tenant": InvalidatedScope(tenant="acme"),
    "tag of tenant": InvalidatedScope(tenant="acme", tag="summer"),
}
OTHERS = [
    InvalidatedScope(tag="winter"),
    InvalidatedScope(template=B),
    InvalidatedScope(source=A),
    InvalidatedScope(tenant="other"),
    InvalidatedScope(tenant="other", tag="menu"),
    InvalidatedScope(tenant="menu"),
]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_what_was_asked_for_before_holds_no_longer(scope: InvalidatedScope) -> None:
    said = Invalidated()
    said.take(scope, START + SECOND)
    assert said.concerns(MARKED)
    assert not said.concerns(replace(MARKED, planned_at=START + SECOND + APART + SECOND))


def test_clocks_may_be_a_little_apart() -> None:
    said = Invalidated()
    said.take(SCOPES["tag"], START)
    assert said.concerns(replace(MARKED, planned_at=START + APART))
    assert not said.concerns(replace(MARKED, planned_at=START + APART + timedelta(microseconds=1)))


@pytest.mark.parametrize("scope", OTHERS, ids=lambda scope: scope.name)
def test_other_scopes_concern_nothing(scope: InvalidatedScope) -> None:
    said = Invalidated()
    said.take(scope, START + SECOND)
    assert not said.concerns(MARKED)


def test_nothing_said_concerns_nothing() -> None:
    assert not Invalidated().concerns(Origin("acme", None, None))


def test_what_is_said_again_counts_from_the_latest_time() -> None:
    said = Invalidated()
    for seconds in (5, 3):
        said.take(SCOPES["tag"], START + timedelta(seconds=seconds))
    assert said.concerns(replace(MARKED, planned_at=START + timedelta(seconds=5)))
    assert len(said) == 1


@pytest.mark.parametrize("scope", [SCOPES["tag of tenant"], InvalidatedScope(tag="winter")], ids=lambda each: each.name)
def test_an_answer_of_unknown_age_is_concerned_by_all_that_may_be_meant(scope: InvalidatedScope) -> None:
    said = Invalidated()
    said.take(scope, START)
    assert said.concerns(Origin("acme", None, None))
    assert said.concerns(Origin("other", None, None)) == (scope.tenant is None)


def test_more_sources_than_are_listed_may_be_any() -> None:
    many = replace(MARKED, marks=Marks(sources=(B,), more_sources=True))
    said = Invalidated()
    said.take(InvalidatedScope(source=C), START)
    assert said.concerns(many)
    assert not said.concerns(MARKED)
    assert not said.concerns(replace(many, planned_at=START + 3 * SECOND))


def test_what_cannot_be_read_is_taken_for_everything() -> None:
    said = Invalidated()
    said.take_all(START)
    said.take_all(START - SECOND)
    assert said.concerns(MARKED)
    assert said.concerns(Origin("other", None, None))
    assert not said.concerns(replace(MARKED, planned_at=START + 3 * SECOND))


NAMES = st.sampled_from(["a", "b", "a=b", "a/tag=b", "tag=b", "%", "%2F", "/"])


@given(st.sets(st.tuples(st.none() | NAMES, st.none() | NAMES), min_size=2, max_size=2))
def test_no_two_scopes_have_one_name(pairs: set[tuple[str | None, str | None]]) -> None:
    scopes = [InvalidatedScope(tenant=tenant, tag=tag) for tenant, tag in pairs if tenant or tag]
    assert len({scope.name for scope in scopes}) == len(scopes)
