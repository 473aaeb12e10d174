"""Judges by name: what is recorded, what is refused with its place, and those of users' own packages that fail."""

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from headchef_contracts.events.common import Body, Inline, Ref, Reference
from headchef_contracts.events.semantic import Comparison

from headchef.embedding import HashedEmbedder
from headchef.equality import (
    GROUP,
    Different,
    Instruments,
    Judge,
    Judged,
    Judges,
    Registry,
    Same,
    faults_in,
    installed,
    registry,
)
from headchef.equality.port import MAX_CHARACTERS, Opinion


class Initials(Judge):
    """A user's own: words begin with the same letters."""

    version = 3

    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Compare."""
        first, second = ([word[0] for word in text.split()] for text in (one, other))
        return Same() if first == second else Different("other initials")


class Broken(Judge):
    """A user's own that fails."""

    async def compared(self, one: str, other: str, instruments: Instruments) -> Opinion:
        """Fail."""
        raise KeyError("x" * 1_000)


def bringing(**names: str) -> Registry:
    return registry(EntryPoint(name, f"{__name__}:{value}", GROUP) for name, value in names.items())


async def compared(one: Body, other: Body, comparison: Comparison, known: Registry) -> Judged:
    return await Judges(known, Instruments(HashedEmbedder())).compare(comparison, one, other)


def refused(judge: str, **arguments: Any) -> list[str]:
    faults = faults_in(Comparison(judge=judge, arguments=arguments), installed())
    return [f"{'.'.join(map(str, place))}: {message}".partition(" (expected: ")[0] for place, message in faults]


def test_those_that_come_with_headchef_are_there() -> None:
    ours = {"auto", "embedding", "fields", "model", "text"}
    assert ours <= set(installed().names)
    assert all(installed().named(name).__doc__ for name in ours)


@pytest.mark.parametrize(
    ("judge", "arguments", "recorded"),
    [
        ("auto", {}, "auto/1"),
        ("fields", {"relative": 0.1}, "fields/1"),
        ("model", {"tier": "small"}, "model/1"),
        ("embedding", {"least": 0.9}, "embedding/1 by hashed-1/512"),
    ],
)
async def test_it_is_recorded_who_has_decided(judge: str, arguments: dict[str, Any], recorded: str) -> None:
    comparison = Comparison(judge=judge, arguments=arguments)
    judged = await compared(Inline(inline="a"), Inline(inline="a"), comparison, installed())
    assert judged == Judged(Same(), recorded, may_ask=judge == "model")


@pytest.mark.parametrize(
    ("judge", "arguments", "said"),
    [
        ("fild", {}, ["judge: there is no judge of equality 'fild'; did you mean fields?"]),
        (
            "oracle",
            {},
            ["judge: there is no judge of equality 'oracle'; there is auto, embedding, fields, model,"],
        ),
        ("model", {"model": "a", "tier": "b"}, ["arguments: `tier` stands in place of `model`: leave one of them out"]),
        ("model", {"heed": "x" * 1_001}, ["arguments.heed: String should have at most 1000 characters"]),
        ("model", {"max_output_tokens": 20}, ["arguments.max_output_tokens: Input should be greater than or equal"]),
        ("auto", {"relative": 0.1}, ["arguments: the judge auto takes none"]),
        ("fields", {"relativ": 0.1}, ["arguments.relativ: unknown field; did you mean relative?"]),
        ("fields", {"relative": 2}, ["arguments.relative: Input should be less than or equal to 1"]),
        ("fields", {"absolute": float("nan")}, ["arguments.absolute: Input should be a finite number"]),
        ("fields", {"ignored": ["a..b"]}, ["arguments.ignored.0: is no path at '..b': write title, meta.title,"]),
        ("fields", {"ignored": [""]}, ["arguments: with an empty path in `ignored` nothing is compared"]),
        (
            "fields",
            {"ignored": ["a"], "at": [{"path": "a", "absolute": 1}]},
            ["arguments: a field stands twice in `ignored` and `at`"],
        ),
        ("fields", {"at": [{"absolute": 1}]}, ["arguments.at.0.path: is missing"]),
        ("text", {"likeness": 0}, ["arguments.likeness: Input should be greater than 0"]),
        ("embedding", {}, ["arguments.least: is missing"]),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(judge: str, arguments: dict[str, Any], said: list[str]) -> None:
    found = refused(judge, **arguments)
    assert len(found) == len(said)
    assert all(one.startswith(start) for one, start in zip(found, said, strict=True)), found


async def test_a_judge_of_a_package_of_ones_own_is_used_by_its_name() -> None:
    known = bringing(initials="Initials")
    comparison = Comparison(judge="initials")
    assert await compared(Inline(inline="a bc"), Inline(inline="ax b"), comparison, known) == Judged(
        Same(), "initials/3"
    )
    judged = await compared(Inline(inline="a bc"), Inline(inline="c b"), comparison, known)
    assert judged == Judged(Different("other initials"), "initials/3")


async def test_of_a_judge_that_fails_nobody_takes_a_yes() -> None:
    judged = await compared(
        Inline(inline="a"), Inline(inline="b"), Comparison(judge="broken"), bringing(broken="Broken")
    )
    assert isinstance(judged.opinion, Different)
    assert judged.opinion.why.startswith("the judge itself failed: KeyError: 'xxx")
    assert len(judged.opinion.why) == 500


async def test_a_judge_that_is_gone_finds_nothing_the_same() -> None:
    judged = await compared(Inline(inline="a"), Inline(inline="a"), Comparison(judge="gone"), installed())
    assert isinstance(judged.opinion, Different)
    assert judged.judge == "gone"


async def test_answers_that_lie_elsewhere_are_the_same_if_they_are_one() -> None:
    one, other = (
        Ref(ref=Reference(sha256=digit * 64, bytes=10_000_000, media_type="text/plain")) for digit in ("a", "b")
    )
    assert (await compared(one, one, Comparison(), installed())).opinion == Same()
    for against in (other, Inline(inline="a")):
        opinion = (await compared(one, against, Comparison(), installed())).opinion
        assert opinion == Different("an answer is too large to be compared: it does not lie in its event")


async def test_an_answer_that_is_too_long_is_the_same_as_itself_alone() -> None:
    one = "x" * (MAX_CHARACTERS + 1)
    assert (await compared(Inline(inline=one), Inline(inline=one), Comparison(), installed())).opinion == Same()
    judged = await compared(Inline(inline=one), Inline(inline=f"{one}."), Comparison(), installed())
    assert isinstance(judged.opinion, Different)
