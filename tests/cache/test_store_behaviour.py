"""What every answer store must do, on the fake, the embedded engine and a real server alike."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from headchef_contracts.events.common import Ref, Reference, Usage
from headchef_contracts.events.semantic import Marks
from headchef_contracts.events.steps import Answer

from headchef.cache.selection import Selection
from headchef.cache.store import AnswerStore, Ranking, Sought
from headchef.qdrant.errors import StoreUnavailable
from tests.cache.builders import make_fingerprint, make_sought, make_stored
from tests.support.manual_clock import START


async def test_an_empty_store_has_no_answers(store: AnswerStore) -> None:
    assert list(await store.lookup([make_sought()])) == [None]


async def test_nothing_is_sought_and_nothing_is_put(store: AnswerStore) -> None:
    await store.put([])
    assert list(await store.lookup([])) == []


async def test_an_answer_comes_back_as_it_was_put(store: AnswerStore) -> None:
    stored = make_stored(
        text='"quoted", \n and "ünïcödé" 🚗', expires_at=START + timedelta(hours=1, microseconds=250_000)
    )
    await store.put([stored])
    assert list(await store.lookup([make_sought()])) == [stored]


async def test_an_answer_without_price_and_expiry_comes_back(store: AnswerStore) -> None:
    stored = make_stored(cost_usd=None, expires_at=None)
    await store.put([stored])
    assert list(await store.lookup([make_sought()])) == [stored]


async def test_a_price_keeps_its_digits(store: AnswerStore) -> None:
    await store.put([make_stored(cost_usd=Decimal("0.000000100"))])
    [found] = await store.lookup([make_sought()])
    assert found is not None
    assert str(found.cost_usd) == "1.00E-7"


async def test_an_answer_that_lies_elsewhere_comes_back_as_a_reference(store: AnswerStore) -> None:
    stored = make_stored()
    output = Ref(ref=Reference(sha256="a" * 64, bytes=100_000, media_type="text/plain"))
    answer = Answer(output=output, finish_reason="stop", usage=Usage())
    await store.put([replace(stored, answer=answer)])
    [found] = await store.lookup([make_sought()])
    assert found is not None
    assert found.answer == answer


async def test_answers_come_in_the_order_sought_with_gaps_and_repetitions(store: AnswerStore) -> None:
    first, second = make_stored("first"), make_stored("second")
    await store.put([first, second])
    sought = [make_sought(each) for each in ("second", "unknown", "first", "second")]
    assert list(await store.lookup(sought)) == [second, None, first, second]


async def test_putting_twice_is_putting_once(store: AnswerStore) -> None:
    stored = make_stored()
    await store.put([stored, stored])
    await store.put([stored])
    assert list(await store.lookup([make_sought()])) == [stored]


async def test_the_later_answer_takes_the_place_of_the_earlier(store: AnswerStore) -> None:
    await store.put([make_stored(text="earlier")])
    await store.put([make_stored(text="later")])
    [found] = await store.lookup([make_sought()])
    assert found == make_stored(text="later")


async def test_the_last_of_one_put_stands(store: AnswerStore) -> None:
    await store.put([make_stored(text="earlier"), make_stored(text="later")])
    [found] = await store.lookup([make_sought()])
    assert found == make_stored(text="later")


async def test_a_tenant_never_sees_the_answer_of_another(store: AnswerStore) -> None:
    """Even with the other's fingerprint, as an attacker or a fault in the router might send it."""
    await store.put([make_stored(tenant="theirs")])
    fingerprint = make_fingerprint(tenant="theirs")
    assert list(await store.lookup([Sought("ours", fingerprint)])) == [None]
    assert list(await store.lookup([Sought("theirs", fingerprint)])) == [make_stored(tenant="theirs")]


async def test_half_a_fingerprint_in_common_is_not_enough(store: AnswerStore) -> None:
    stored = make_stored()
    await store.put([stored])
    twin = stored.fingerprint[:32] + "0" * 32
    assert list(await store.lookup([Sought("default", twin)])) == [None]


async def test_expired_answers_are_given_out_for_the_policy_to_judge(store: AnswerStore) -> None:
    stored = make_stored(expires_at=START - timedelta(days=1))
    await store.put([stored])
    assert list(await store.lookup([make_sought()])) == [stored]


async def test_many_answers_at_once(store: AnswerStore) -> None:
    answers = [make_stored(f"prompt {number}") for number in range(700)]
    await store.put(answers)
    found = await store.lookup([make_sought(f"prompt {number}") for number in range(800)])
    assert list(found) == [*answers, *[None] * 100]


async def test_marks_and_the_time_of_asking_come_back(store: AnswerStore) -> None:
    stored = replace(
        make_stored(),
        planned_at=START - timedelta(seconds=3, microseconds=500),
        marks=Marks(tags=("spring", "new"), template="b" * 64, sources=("c" * 64, "d" * 64), more_sources=True),
    )
    await store.put([stored])
    assert list(await store.lookup([make_sought()])) == [stored]


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
        (Selection(fingerprints=(make_fingerprint("a")[:32] + "0" * 32,)), ["a", "b", "c"]),
    ],
)
async def test_what_is_selected_is_removed_and_nothing_else(
    store: AnswerStore, selection: Selection, left: list[str]
) -> None:
    kept = {
        "a": replace(make_stored("a"), planned_at=START, marks=Marks(tags=("spring", "new"), template="7" * 64)),
        "b": replace(
            make_stored("b", expires_at=START),
            planned_at=START + timedelta(microseconds=1_000),
            marks=Marks(sources=("8" * 64, "9" * 64)),
        ),
        "c": replace(make_stored("c", tenant="theirs"), marks=Marks(tags=("spring",))),
    }
    await store.put(list(kept.values()))
    assert await store.count() == 3
    await store.remove(selection)
    found = await store.lookup([Sought(each.tenant, each.fingerprint) for each in kept.values()])
    assert [name for name, each in zip(kept, found, strict=True) if each is not None] == left
    assert await store.count() == len(left)


async def test_what_was_removed_stays_away_after_closing(store: AnswerStore) -> None:
    await store.put([make_stored("a"), make_stored("b")])
    await store.remove(Selection(fingerprints=(make_fingerprint("a"),)))
    await store.close()
    await store.open()
    assert list(await store.lookup([make_sought("a"), make_sought("b")])) == [None, make_stored("b")]


async def test_those_of_least_worth_come_first(store: AnswerStore) -> None:
    worths = {"a": 0.5, "b": 0.001, "c": 2.25, "d": 0.25}
    await store.put([replace(make_stored(name), worth=worth) for name, worth in worths.items()])
    assert list(await store.least(3)) == [
        Ranking(make_fingerprint("b"), 0.001),
        Ranking(make_fingerprint("d"), 0.25),
        Ranking(make_fingerprint("a"), 0.5),
    ]


async def test_another_worth_changes_nothing_else(store: AnswerStore) -> None:
    await store.put([replace(make_stored("a"), worth=0.5), replace(make_stored("b"), worth=0.75)])
    await store.revalue([])
    await store.revalue([Ranking(make_fingerprint("a"), 1.5), Ranking(make_fingerprint("unknown"), 3.0)])
    assert list(await store.least(5)) == [Ranking(make_fingerprint("b"), 0.75), Ranking(make_fingerprint("a"), 1.5)]
    assert list(await store.lookup([make_sought("a")])) == [replace(make_stored("a"), worth=1.5)]


async def test_what_is_worth_more_already_keeps_that(store: AnswerStore) -> None:
    await store.put([replace(make_stored("a"), worth=0.5), replace(make_stored("b"), worth=0.75)])
    await store.revalue([Ranking(make_fingerprint(name), 0.625) for name in "ab"])
    assert list(await store.least(5)) == [Ranking(make_fingerprint("a"), 0.625), Ranking(make_fingerprint("b"), 0.75)]


async def test_opening_an_open_store_changes_nothing(store: AnswerStore) -> None:
    await store.put([make_stored()])
    await store.open()
    assert list(await store.lookup([make_sought()])) == [make_stored()]


async def test_answers_outlive_closing(store: AnswerStore) -> None:
    await store.put([make_stored()])
    await store.close()
    await store.open()
    assert list(await store.lookup([make_sought()])) == [make_stored()]


async def test_a_closed_store_is_unavailable(store: AnswerStore) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.lookup([make_sought()])
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.put([make_stored()])


async def test_closing_twice_is_closing_once(store: AnswerStore) -> None:
    await store.close()
    await store.close()


async def test_answers_of_any_microsecond_come_back(store: AnswerStore) -> None:
    chance = random.Random(3)
    times = [START + timedelta(microseconds=chance.randrange(10**13)) for _ in range(300)]
    answers = [
        replace(make_stored(f"prompt {number}"), settled_at=time, planned_at=time, expires_at=time + timedelta(hours=1))
        for number, time in enumerate(times)
    ]
    await store.put(answers)
    assert list(await store.lookup([make_sought(f"prompt {number}") for number in range(300)])) == answers
