"""What every store of questions must do, in memory, in the embedded engine and on a real server alike."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from math import sqrt
from pathlib import Path

import pytest

from headchef_contracts.events.semantic import Marks

from headchef.cache.meanings import Meanings
from headchef.cache.selection import Selection
from headchef.qdrant.errors import StoreUnavailable
from headchef.qdrant.server import QdrantServer
from tests.cache.builders import make_fingerprint
from tests.cache.meanings_kinds import (
    SCOPE,
    embedded_meanings,
    make_question,
    make_sought_meaning,
    memory_meanings,
    server_meanings,
)
from tests.support.manual_clock import START

OTHER_SCOPE = "6" * 64


@pytest.fixture(params=["memory", "edge", "server"])
async def meanings(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Meanings]:
    """An open store of each kind, with nothing in it."""
    made: Meanings
    match request.param:
        case "memory":
            made = memory_meanings()
        case "edge":
            made = embedded_meanings(tmp_path / "meanings")
        case _:
            made = server_meanings(request.getfixturevalue("server"))
    await made.open()
    yield made
    await made.close()


async def _found(meanings: Meanings, *, tenant: str = "default", scope: str = SCOPE, top_k: int = 8) -> list[str]:
    [found] = await meanings.nearest([make_sought_meaning(tenant=tenant, scope=scope)], top_k)
    return [each.fingerprint for each in found]


async def test_an_empty_store_has_no_questions(meanings: Meanings) -> None:
    assert await _found(meanings) == []
    assert await meanings.count() == 0


async def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    """A cache without such questions has no store of them, whatever is looked for or removed."""
    meanings = embedded_meanings(tmp_path / "meanings")
    await meanings.open()
    assert await _found(meanings) == []
    await meanings.remove(Selection(tenant="default"))
    assert list(tmp_path.iterdir()) == []
    await meanings.put([make_question()])
    assert await meanings.count() == 1
    await meanings.close()


async def test_what_another_process_keeps_first_is_found(server: QdrantServer) -> None:
    one, other = server_meanings(server), server_meanings(server)
    await one.open()
    await other.open()
    assert await _found(one) == []
    await other.put([make_question()])
    assert await _found(one) == [make_fingerprint("How do I pay?")]
    await one.close()
    await other.close()


async def test_nothing_is_sought_and_nothing_is_put(meanings: Meanings) -> None:
    await meanings.put([])
    assert list(await meanings.nearest([], 8)) == []


async def test_a_question_comes_back_as_it_was_put_with_how_near_it_is(meanings: Meanings) -> None:
    question = replace(
        make_question(turn=0.6, group="a" * 64, marks=Marks(tags=("spring",), template="b" * 64, sources=("c" * 64,))),
        planned_at=START - timedelta(seconds=2, microseconds=250_000),
        expires_at=START + timedelta(hours=1, microseconds=500_000),
    )
    await meanings.put([question])
    [[near]] = await meanings.nearest([make_sought_meaning()], 8)
    assert near.score == pytest.approx(sqrt(1 - 0.36), abs=1e-5)
    fields = ("tenant", "scope", "fingerprint", "group", "source_job_id", "settled_at", "planned_at", "expires_at")
    for name in (*fields, "marks"):
        assert getattr(near, name) == getattr(question, name), name


async def test_a_question_without_marks_and_times_comes_back(meanings: Meanings) -> None:
    await meanings.put([make_question()])
    [[near]] = await meanings.nearest([make_sought_meaning()], 8)
    assert (near.planned_at, near.expires_at, near.marks) == (None, None, None)


async def test_the_nearest_come_first_and_not_more_than_asked_for(meanings: Meanings) -> None:
    questions = [make_question(f"prompt {number}", number / 20) for number in range(12)]
    await meanings.put(questions)
    prints = [each.fingerprint for each in questions]
    assert await _found(meanings) == prints[:8]
    assert await _found(meanings, top_k=2) == prints[:2]


async def test_several_are_sought_at_once(meanings: Meanings) -> None:
    near, far, elsewhere = make_question("a", 0.1), make_question("b", 0.9), make_question("c", scope=OTHER_SCOPE)
    await meanings.put([near, far, elsewhere])
    sought = [make_sought_meaning(0.0), make_sought_meaning(1.0), make_sought_meaning(scope=OTHER_SCOPE)]
    found = await meanings.nearest(sought, 1)
    assert [[each.fingerprint for each in some] for some in found] == [
        [near.fingerprint],
        [far.fingerprint],
        [elsewhere.fingerprint],
    ]


async def test_neither_tenants_nor_scopes_ever_meet(meanings: Meanings) -> None:
    """However near the texts are; and the same scope at another tenant's, as a fault in the router might send it."""
    ours, theirs = make_question("a", tenant="ours"), make_question("b", tenant="theirs")
    await meanings.put([ours, theirs, make_question("c", tenant="ours", scope=OTHER_SCOPE)])
    assert await _found(meanings, tenant="ours") == [ours.fingerprint]
    assert await _found(meanings, tenant="theirs") == [theirs.fingerprint]
    assert await _found(meanings, tenant="theirs", scope=OTHER_SCOPE) == []


async def test_a_question_that_is_put_again_takes_its_own_place(meanings: Meanings) -> None:
    await meanings.put([make_question(group="a" * 64)])
    await meanings.put([make_question(group="b" * 64)])
    [found] = await meanings.nearest([make_sought_meaning()], 8)
    assert [each.group for each in found] == ["b" * 64]
    assert await meanings.count() == 1


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(tenant="theirs"), ["a", "b"]),
        (Selection(tag="spring"), ["b"]),
        (Selection(tag="spring", tenant="default"), ["b", "c"]),
        (Selection(template="7" * 64), ["b", "c"]),
        (Selection(source="8" * 64), ["a", "c"]),
        (Selection(planned_until=START), ["b"]),
        (Selection(expired_by=START), ["a", "c"]),
        (Selection(fingerprints=(make_fingerprint("a"), make_fingerprint("unknown"))), ["b", "c"]),
        (Selection(fingerprints=(make_fingerprint("a"),), tenant="theirs"), ["a", "b", "c"]),
    ],
)
async def test_what_is_selected_is_removed_and_nothing_else(
    meanings: Meanings, selection: Selection, left: list[str]
) -> None:
    await meanings.put(
        [
            replace(make_question("a", marks=Marks(tags=("spring", "new"), template="7" * 64)), planned_at=START),
            replace(
                make_question("b", marks=Marks(sources=("8" * 64, "9" * 64))),
                planned_at=START + timedelta(microseconds=1_000),
                expires_at=START,
            ),
            make_question("c", tenant="theirs", marks=Marks(tags=("spring",))),
        ]
    )
    await meanings.remove(selection)
    found = [*await _found(meanings), *await _found(meanings, tenant="theirs")]
    names = {make_fingerprint(name): name for name in "ab"} | {make_fingerprint("c", "theirs"): "c"}
    assert sorted(names[each] for each in found) == left


async def test_many_questions_at_once(meanings: Meanings) -> None:
    await meanings.put([make_question(f"prompt {number}", number / 1_000) for number in range(700)])
    assert await meanings.count() == 700
    found = await meanings.nearest([make_sought_meaning(number / 1_000) for number in range(40)], 1)
    assert [each[0].fingerprint for each in found] == [make_fingerprint(f"prompt {number}") for number in range(40)]


async def test_questions_outlive_closing_and_opening_twice_changes_nothing(meanings: Meanings) -> None:
    await meanings.put([make_question()])
    await meanings.open()
    await meanings.close()
    await meanings.open()
    assert await _found(meanings) == [make_fingerprint("How do I pay?")]


async def test_a_closed_store_is_unavailable(meanings: Meanings) -> None:
    await meanings.close()
    await meanings.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await meanings.nearest([make_sought_meaning()], 1)
    with pytest.raises(StoreUnavailable, match="closed"):
        await meanings.put([make_question()])
    with pytest.raises(StoreUnavailable, match="closed"):
        await meanings.remove(Selection(tenant="default"))
