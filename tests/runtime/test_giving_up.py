"""Work that is no longer wanted is cancelled, and what it ends with then is nobody's."""

import asyncio
import gc

import pytest

from headchef.runtime.giving_up import unless
from tests.support.eventually import eventually
from tests.support.unseen_errors import collect_unseen


async def test_what_the_work_gives_is_given() -> None:
    async def work() -> int:
        return 7

    assert await unless(asyncio.Event(), work()) == 7


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise KeyError("defect")

    with pytest.raises(KeyError, match="defect"):
        await unless(asyncio.Event(), work())


async def test_an_error_of_work_that_was_given_up_leaves_nothing_behind() -> None:
    unseen = collect_unseen()
    given_up, ended = asyncio.Event(), []

    async def work() -> int:
        try:
            given_up.set()
            await asyncio.Event().wait()
            return 7
        except asyncio.CancelledError:
            ended.append("work")
            raise RuntimeError("abandoned") from None

    assert await unless(given_up, work()) is None
    await eventually(lambda: ended)
    gc.collect()
    assert not unseen
