"""Calls that show images keep within a quota of tokens from the first one on, and soon use nearly all of it."""

import asyncio
from collections import deque

import pytest

from headchef_contracts import registry
from headchef_contracts.events.common import Inline, Usage
from headchef_contracts.events.steps import Message

from headchef.catalogue import Quota
from headchef.executor.lane.estimate import Estimator
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.lane import Lane
from headchef.executor.lane.pool import Pool
from headchef.executor.lane.rest import Rest
from headchef.executor.provider import Answered
from headchef.runtime.log.port import Record
from headchef.runtime.turns import Turns
from headchef.simulator.bill import Tokens
from headchef.simulator.dialects.port import Refused
from headchef.simulator.quota import Account
from headchef.simulator.settings import Quota as AccountQuota
from tests.executor.fakes import make_dispatched, make_model
from tests.support.builders import make_step
from tests.support.images import at
from tests.support.manual_clock import ManualClock

A_MINUTE = 120_000
TICK_S, ANSWERED_AFTER, MINUTES = 0.1, 20, 4


def showing(images: int) -> Record:
    made = make_step()
    messages = (Message(role="user", content=Inline(inline="What is to be seen?"), images=(at(),) * images),)
    asked = made.model_copy(update={"request": made.request.model_copy(update={"messages": messages})})
    return Record("t", 0, 0, 0, None, registry.write(make_dispatched(asked)).data, ())


@pytest.mark.parametrize("image_tokens", [258, 1369, 4784])
@pytest.mark.parametrize("images", [1, 3])
def test_no_call_is_refused_and_little_is_wasted(image_tokens: int, images: int) -> None:
    clock = ManualClock()
    pool = Pool(Quota({"input_tokens": A_MINUTE}), clock.monotonic(), 0.0)
    estimator = Estimator({"small": make_model(takes_images=True)}, counts_tokens=True)
    lane = Lane(
        pool, Halts("default"), None, Rest("default", 100),
        places=1000, kept_places=0.0, turns=Turns(0.1), estimator=estimator, clock=clock,
    )  # fmt: skip
    lane.begun(0, lambda: 1, clean=True)
    account = Account(AccountQuota(input_tokens_per_minute=A_MINUTE, kind="window"), clock.monotonic())
    input_tokens, refusals, minutes = 6 + images * image_tokens, 0, [0] * MINUTES
    usage = Usage(input_tokens=input_tokens, output_tokens=5)
    wake, record = asyncio.Event(), showing(images)
    going_on: deque[tuple[int, Record]] = deque()
    for tick in range(round(MINUTES * 60 / TICK_S)):
        while going_on and going_on[0][0] <= tick:
            _, answered = going_on.popleft()
            lane.called(answered, Answered("A cork.", "stop", None, usage, None, 200))
            lane.release(answered)
        while lane.take(record, "interactive", wake):
            lane.calling(record, "small")
            try:
                with account.admitted(input_tokens, 0, clock) as admission:
                    admission.used = Tokens(input_tokens, 5)
                    minutes[int(tick * TICK_S // 60)] += input_tokens
            except Refused:
                refusals += 1
            going_on.append((tick + ANSWERED_AFTER, record))
            record = showing(images)
        clock.advance(TICK_S)
    assert refusals == 0
    assert min(minutes[1:]) > 0.8 * A_MINUTE, minutes
