"""The competitor uses the share that it is to use, at an even rate."""

from collections import Counter
from itertools import pairwise
from math import inf

import pytest

from tests.bench.clients.account import Reply
from tests.bench.clients.competitor import Competitor
from tests.support.virtual_time import LoopClock, run_virtually


def test_so_much_a_minute_whatever_a_call_comes_to() -> None:
    bill, ended = Counter[str](), [inf]

    async def ask(_: bytes) -> Reply:
        clock = LoopClock()
        await clock.sleep(0.5)
        ended[0] = clock.monotonic()
        return Reply(200, 150, 100 if bill["answered"] % 2 else 200)

    competitor = Competitor(ask, LoopClock(), bill, lambda seen: seen["input_tokens"] + seen["output_tokens"], 18_000)
    run_virtually(competitor.run([b"{}"] * 120))
    assert bill["answered"] == 120
    assert (bill["input_tokens"] + bill["output_tokens"]) / ended[0] * 60 == pytest.approx(18_000, rel=0.03)


def test_refusals_do_not_slow_it() -> None:
    bill, asked = Counter[str](), list[float]()

    async def ask(_: bytes) -> Reply:
        asked.append(LoopClock().monotonic())
        return Reply(200 if len(asked) < 3 else 429)

    run_virtually(Competitor(ask, LoopClock(), bill, lambda seen: seen["answered"], 60).run([b"{}"] * 20))
    assert [later - sooner for sooner, later in pairwise(asked[1:])] == pytest.approx([1.0] * 18)
    assert bill == Counter(answered=2, rate_limited=18, input_tokens=0, output_tokens=0)
