"""What every answer store must do, on the fake, the embedded engine and a real server alike."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from headchef_contracts.events.common import Ref, Reference, Usage
from headchef_contracts.events.steps import Answer

from headchef.cache.store import AnswerStore, Sought
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
