"""A window does what a dictionary with times does, in less memory, whatever is written, removed and forgotten."""

import tracemalloc
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headchef.runtime.window import Window

KEYS = [f"job-{number}".encode() for number in range(40)]


@dataclass
class Plain:
    """The same with Python's own dictionary, as plainly as can be."""

    entries: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    written: deque[tuple[int, bytes, int]] = field(default_factory=deque)
    number: int = 0

    def put(self, key: bytes, value: bytes, at_ms: int) -> None:
        self.number += 1
        self.entries[key] = (self.number, value)
        self.written.append((at_ms, key, self.number))

    def remove(self, key: bytes) -> None:
        self.entries.pop(key, None)

    def forget(self, before_ms: int) -> None:
        while self.written and self.written[0][0] < before_ms:
            _, key, number = self.written.popleft()
            if self.entries.get(key, (0, b""))[0] == number:
                del self.entries[key]


keys = st.one_of(st.sampled_from(KEYS), st.sampled_from(KEYS[:4]))
puts = st.tuples(st.just("put"), keys, st.binary(max_size=70), st.integers(-2, 8))
removals = st.tuples(st.just("remove"), keys)
forgettings = st.tuples(st.just("forget"), st.integers(-2, 60))


@given(st.lists(st.one_of(puts, puts, removals, forgettings), max_size=200))
@settings(max_examples=200)
def test_it_does_what_a_dictionary_does(steps: list[tuple[Any, ...]]) -> None:
    """While time goes on, and now and then back."""
    window, plain, now_ms = Window(), Plain(), 0
    for name, *about in steps:
        if name == "put":
            key, value, later_ms = about
            now_ms += later_ms
            arguments: Sequence[Any] = (key, value, now_ms)
        else:
            arguments = (now_ms - about[0],) if name == "forget" else about
        for each in (window, plain):
            getattr(each, name)(*arguments)
        assert len(window) == len(plain.entries)
    assert [window.get(key) for key in KEYS] == [plain.entries.get(key, (0, None))[1] for key in KEYS]


def test_thousands_come_and_go() -> None:
    """As a task's memory of seven days does: each is found while it is there, whatever came and went before."""
    window, stays = Window(), 1000
    for number in range(12_000):
        window.put(b"%d" % number, sha256(b"%d" % number).digest(), number)
        window.forget(number - stays + 1)
        if number % 499 == 0:
            first = max(0, number - stays + 1)
            for known in range(first, number + 1):
                assert window.get(b"%d" % known) == sha256(b"%d" % known).digest()
            assert window.get(b"%d" % (first - 1)) is None
            assert len(window) == number + 1 - first
    window.forget(12_000)
    assert len(window) == 0


def test_after_clear_nothing_is_there() -> None:
    window = Window()
    window.put(b"a", b"1", 0)
    window.clear()
    assert (window.get(b"a"), len(window)) == (None, 0)
    window.put(b"a", b"2", 1)
    assert window.get(b"a") == b"2"


def test_what_an_entry_costs() -> None:
    """What the documents say of a job that the router remembers: its hash, which is 32 bytes, costs 72 to 92."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        window = Window()
        for number in range(50_000):
            window.put(f"tenant\0{number:0>36}\x000\x000".encode(), sha256(b"%d" % number).digest(), number)
        full, _ = tracemalloc.get_traced_memory()
        for _ in range(20):
            window.forget(50_000)
        empty, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 72 <= (full - before) / 50_000 <= 92
    assert empty - before < 10_000
