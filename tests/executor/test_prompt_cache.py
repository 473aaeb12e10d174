"""Which calls are marked for the provider's cache: never so that it costs much more than it saves."""

import heapq
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headchef_contracts.events.common import Usage

from headchef.executor.prompt_cache import PromptCache, Use
from headchef.executor.provider import Cacheable

LIFETIME_S = 300.0
FRESH, READ, WRITTEN = 1.0, 0.1, 1.25
"""What a part costs each time, in times of what it costs without a cache."""

CALLS = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.sampled_from([0.0, 0.5, 20.0, 290.0, 310.0]), st.sampled_from([0.1, 5.0, 100.0])
    ),
    max_size=40,
)
"""Part, seconds since the call before, seconds that it takes."""


def part(name: str = "a") -> Cacheable:
    return Cacheable(name.encode(), b"{}", LIFETIME_S)


def usage(*, read: int = 0, written: int = 0) -> Usage:
    return Usage(input_tokens=2000, cached_input_tokens=read, cache_write_input_tokens=written)


@dataclass
class Provider:
    """Keeps what was marked from the end of the call that wrote it, and for as long after each use; and its bill."""

    kept_until_s: dict[str, float] = field(default_factory=dict)
    cost: float = 0.0
    missed: list[Use] = field(default_factory=list)

    def called(self, name: str, use: Use, now_s: float) -> Usage:
        if use == "unmarked":
            self.cost += FRESH
            return usage()
        if self.kept_until_s.get(name, 0.0) > now_s:
            self.kept_until_s[name] = max(self.kept_until_s[name], now_s + LIFETIME_S)
            self.cost += READ
            return usage(read=1500)
        self.missed.append(use)
        self.cost += WRITTEN
        return usage(written=1500)

    def answered(self, name: str, used: Usage, now_s: float) -> None:
        if used.cache_write_input_tokens:
            self.kept_until_s[name] = max(self.kept_until_s.get(name, 0.0), now_s + LIFETIME_S)


def run(calls: list[tuple[str, float, float]]) -> Provider:
    """Make calls that overlap, and check on the way that a part is never written twice at the same time."""
    cache, provider, now_s = PromptCache(), Provider(), 1000.0
    ends: list[tuple[float, int, str, Use, float, Usage]] = []

    def end_until(until_s: float) -> None:
        while ends and ends[0][0] <= until_s:
            ended_s, _, name, use, began_s, used = heapq.heappop(ends)
            provider.answered(name, used, ended_s)
            cache.end(part(name), use, began_s, used)

    for number, (name, gap_s, takes_s) in enumerate(calls):
        now_s += gap_s
        end_until(now_s)
        use = cache.begin(part(name), now_s)
        assert use != "first" or not any(each[2:4] == (name, "first") for each in ends)
        used = provider.called(name, use, now_s)
        heapq.heappush(ends, (now_s + takes_s, number, name, use, now_s, used))
    end_until(float("inf"))
    return provider


@settings(max_examples=300)
@given(CALLS)
def test_what_is_taken_for_cached_is_and_only_the_first_mark_may_be_in_vain(
    calls: list[tuple[str, float, float]],
) -> None:
    provider = run(calls)
    assert set(provider.missed) <= {"first"}
    assert provider.cost <= len(calls) + len(provider.missed) * (WRITTEN - FRESH) + 1e-9


def test_a_part_that_comes_once_is_not_written() -> None:
    assert run([(name, 400.0, 1.0) for name in "abab"]).cost == 4 * FRESH


def test_a_part_that_comes_again_and_again_is_written_once() -> None:
    assert run([("a", 1.0, 0.5)] * 100).cost == pytest.approx(FRESH + WRITTEN + 98 * READ)


def test_while_it_is_written_other_calls_do_not_write_it_too() -> None:
    provider = run([("a", 0.0, 5.0)] * 64 + [("a", 6.0, 5.0)] * 2)
    assert provider.missed == ["first"]
    assert provider.kept_until_s


def test_what_nobody_used_for_too_long_begins_anew() -> None:
    cache = PromptCache()
    cache.begin(part(), 0)
    assert cache.begin(part(), 1) == "first"
    cache.end(part(), "first", 1, usage(written=1500))
    assert cache.begin(part(), 300.9) == "again"
    cache.end(part(), "again", 300.9, usage(read=1500))
    assert cache.begin(part(), 600) == "again", "each use keeps it for longer"
    assert cache.begin(part(), 1000) == "unmarked"
    assert cache.begin(part(), 1001) == "first"


def test_a_call_that_came_to_nothing_leaves_the_mark_to_the_next() -> None:
    cache = PromptCache()
    cache.begin(part(), 0)
    for now_s, used in ((1, None), (2, usage())):
        assert cache.begin(part(), now_s) == "first"
        cache.end(part(), "first", now_s, used)
    assert cache.begin(part(), 3) == "first"


def test_a_cache_that_forgot_is_believed() -> None:
    cache = PromptCache()
    cache.begin(part(), 0)
    cache.end(part(), cache.begin(part(), 1), 1, usage(written=1500))
    assert [cache.begin(part(), 2), cache.begin(part(), 2)] == ["again", "again"]
    cache.end(part(), "again", 2, usage())
    assert [cache.begin(part(), 3), cache.begin(part(), 3)] == ["first", "unmarked"]


def test_no_more_parts_are_remembered_than_there_is_room_for() -> None:
    cache = PromptCache()
    for number in range(3000):
        cache.begin(part(str(number)), 0)
    assert cache.begin(part("0"), 1) == "unmarked", "forgotten"
    assert cache.begin(part("2999"), 1) == "first"
    cache.end(part("1"), "first", 1, usage(written=1500))
