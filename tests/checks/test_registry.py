"""Checks by name: ours, and those of users' own packages, which may fail in any way."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from headchef.checks import GROUP, Check, Registry, Wrong, installed, read_check, registry
from headchef.extensions import NoSuchExtension


class Shouting(Check):
    """A user's own: a text has no capital letters, but for so many."""

    most: int = 0

    def look(self, value: str) -> Iterator[Wrong]:
        """Count."""
        if sum(map(str.isupper, value)) > self.most:
            yield Wrong("shouts")


class Broken(Check):
    """A user's own that fails."""

    looks_at = frozenset({"string", "object"})

    def look(self, value: Any) -> Iterator[Wrong]:
        """Fail."""
        yield Wrong("the first")
        raise KeyError("x" * 1_000)


NOT_A_CHECK = 5


def bringing(**names: str) -> Registry:
    return registry(EntryPoint(name, f"{__name__}:{value}", GROUP) for name, value in names.items())


def test_those_that_come_with_headchef_are_there() -> None:
    ours = {"array_len", "banned_terms", "chars", "grounded", "matches", "one_of", "required_terms", "words"}
    assert ours <= set(installed().names)
    assert all(installed().named(name).__doc__ for name in ours)


def test_a_check_of_a_package_of_ones_own_is_used_by_its_name() -> None:
    check = read_check({"check": "quiet", "most": 1, "path": "a"}, bringing(quiet="Shouting"))
    assert list(check.findings({"a": "Aa"}, 100)) == []
    [finding] = check.findings({"a": "AA"}, 100)
    assert (finding.check, finding.path, finding.message) == ("quiet", "/a", "shouts")


def test_a_check_that_fails_has_found_that_nobody_knows() -> None:
    check = read_check({"check": "broken"}, bringing(broken="Broken"))
    first, second = check.findings("text", 60)
    assert first.message == "the first"
    assert second.message.startswith("the check itself failed: KeyError: 'xxxx")
    assert len(second.message) == 60


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Gone", "the check 'mine' of tests.checks.test_registry:Gone cannot be loaded: "),
        ("NOT_A_CHECK", "tests.checks.test_registry:NOT_A_CHECK of tests.checks.test_registry:NOT_A_CHECK is no class"),
    ],
)
def test_a_check_that_cannot_be_loaded_is_named(value: str, message: str) -> None:
    with pytest.raises(NoSuchExtension) as none:
        bringing(mine=value).named("mine")
    assert str(none.value).startswith(message)


def test_of_two_packages_with_one_name_neither_is_taken() -> None:
    both = [EntryPoint("mine", f"{__name__}:{value}", GROUP) for value in ("Shouting", "Broken")]
    with pytest.raises(NoSuchExtension, match="which check 'mine' is nobody knows: "):
        registry(both).named("mine")
    assert registry([both[0], both[0]]).named("mine") is Shouting
