"""Bodies of one process: laid down once, read once, and waited for while the store is away."""

import asyncio
import logging

import pytest

from headchef_contracts.events.common import Inline, Ref, Reference
from headchef_contracts.events.steps import StepCompleted

from headchef.bodies import BodyUnusable, StoreAway
from headchef.bodies.form import MAX_BODY_BYTES, written
from tests.bodies.builders import INLINE_BYTES, LARGE, Pantry, reference_to
from tests.support.builders import make_completed, make_head, make_step


def output(event: object) -> Inline | Ref:
    assert isinstance(event, StepCompleted)
    assert event.answer is not None
    return event.answer.output


async def test_a_large_body_is_laid_down_and_a_small_one_stays() -> None:
    pantry = Pantry()
    small = "s" * INLINE_BYTES
    assert output(await pantry.bodies.closed(make_completed(LARGE))) == Ref(ref=reference_to(LARGE))
    assert output(await pantry.bodies.closed(make_completed(small))) == Inline(inline=small)
    assert pantry.store.objects == {("default", reference_to(LARGE).sha256): LARGE.encode()}


async def test_another_process_opens_what_one_has_closed() -> None:
    pantry, event = Pantry(), make_completed(LARGE, step=make_step(LARGE * 2))
    closed = await pantry.bodies.closed(event)
    assert LARGE not in str(closed)
    assert await pantry.forget().bodies.opened(closed) == event


async def test_no_tenant_opens_what_is_of_another() -> None:
    pantry = Pantry()
    closed = await pantry.bodies.closed(make_completed(LARGE, step=make_step(job=make_head(tenant="theirs"))))
    assert isinstance(closed, StepCompleted)
    assert output(await pantry.bodies.opened(closed)) == Inline(inline=LARGE), "and is in memory from now on"
    ours = closed.model_copy(update={"step": make_step(job=make_head(tenant="ours"))})
    assert output(await pantry.bodies.opened(ours)) == Ref(ref=reference_to(LARGE))
    with pytest.raises(BodyUnusable, match="not there"):
        await pantry.bodies.get("ours", reference_to(LARGE))


async def test_what_is_missing_or_damaged_stays_a_reference_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    pantry = Pantry()
    closed = await pantry.bodies.closed(make_completed(LARGE))
    pantry.store.objects["default", reference_to(LARGE).sha256] = b"other"
    assert await pantry.bodies.opened(closed) == closed
    pantry.store.objects.clear()
    assert await pantry.bodies.opened(closed) == closed
    assert ["body_damaged" in line or "body_missing" in line for line in caplog.messages] == [True, True]
    assert pantry.metrics.total("headchef.bodies.faults", operation="get", reason="body_damaged") == 1


async def test_a_body_is_read_once_while_there_is_room_for_it() -> None:
    pantry = Pantry(kept_bytes=250)
    first, second = pantry.lay(LARGE), pantry.lay({"other": LARGE})
    for each in (first, first, second, second, first):
        await pantry.bodies.get("default", each.ref)
    assert pantry.store.calls == ["get", "get", "get"]


async def test_one_that_is_larger_than_all_that_is_kept_is_read_each_time() -> None:
    pantry = Pantry(kept_bytes=10)
    body = pantry.lay(LARGE)
    assert [await pantry.bodies.get("default", body.ref) for _ in range(2)] == [LARGE, LARGE]
    assert pantry.store.calls == ["get", "get"]


async def test_the_same_bytes_are_text_or_json_as_the_reference_says() -> None:
    pantry = Pantry()
    text = pantry.lay('{"a":1}').ref
    json = Reference(sha256=text.sha256, bytes=text.bytes, media_type="application/json")
    assert [await pantry.bodies.get("default", each) for each in (text, json)] == ['{"a":1}', {"a": 1}]


async def test_a_body_that_was_just_put_is_not_put_again_but_later_is() -> None:
    pantry = Pantry()
    for _ in range(3):
        await pantry.bodies.put("default", *written(LARGE))
    pantry.clock.advance(3_601)
    await pantry.bodies.put("default", *written(LARGE))
    await pantry.bodies.put("other", *written(LARGE))
    assert pantry.store.calls == ["put", "put", "put"]


async def test_too_large_a_reference_is_not_asked_for() -> None:
    pantry = Pantry()
    reference = Reference(sha256="0" * 64, bytes=MAX_BODY_BYTES + 1, media_type="text/plain")
    with pytest.raises(BodyUnusable, match="too large"):
        await pantry.bodies.get("default", reference)
    assert pantry.store.calls == []


async def test_what_is_to_be_laid_down_waits_until_the_store_is_back(caplog: pytest.LogCaptureFixture) -> None:
    pantry = Pantry()
    pantry.store.away = True
    closing = asyncio.ensure_future(pantry.bodies.closed(make_completed(LARGE)))
    for _ in range(4):
        await asyncio.sleep(0)
        pantry.clock.advance(1)
    await asyncio.sleep(0)
    assert not closing.done()
    pantry.store.away = False
    pantry.clock.advance(10)
    assert output(await closing) == Ref(ref=reference_to(LARGE))
    told = [(record.levelno, record.message) for record in caplog.records]
    assert [level for level, _ in told] == [logging.WARNING] * 2, "once when it goes, and once when it is back"
    assert "away" in told[0][1]
    assert "back" in told[1][1]
    assert pantry.metrics.total("headchef.bodies.faults", operation="put", reason="away") > 1


async def test_what_is_to_be_read_is_left_to_the_runtime_while_the_store_is_away() -> None:
    pantry = Pantry()
    closed = await pantry.bodies.closed(make_completed(LARGE))
    other = pantry.forget()
    pantry.store.away = True
    with pytest.raises(StoreAway):
        await other.bodies.opened(closed)
