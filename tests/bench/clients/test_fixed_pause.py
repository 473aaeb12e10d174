"""The client of the cookbook does what its script does: its own buckets, a pause for all, five attempts."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from headchef.simulator.bill import Tokens
from headchef.simulator.dialects import Refused
from headchef.simulator.quota import Account
from headchef.simulator.settings import Quota
from tests.bench.clients.account import Reply
from tests.bench.clients.competitor import Competitor
from tests.bench.clients.fixed_pause import PAUSE_S, FixedPause, estimate
from tests.support.virtual_time import LoopClock, run_virtually

ENOUGH = 10_000
TOKENS = Tokens(100, 50)


def body(said: str = "Name: Malibu", **fields: Any) -> bytes:
    return orjson.dumps({"model": "m", "messages": [{"role": "user", "content": said}], **fields})


@dataclass
class Provider:
    """Answers after half a second, within an account's quota, or as it is told.

    Attributes:
        statuses: of the first calls, in their order; 200 once they are used up.
        asked: when each call came, and its body.
    """

    quota: Quota = field(default_factory=Quota)
    statuses: list[int] = field(default_factory=list)
    asked: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account = Account(self.quota, LoopClock().monotonic())

    async def ask(self, call: bytes) -> Reply:
        clock = LoopClock()
        self.asked.append((clock.monotonic(), call))
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return Reply(status)
        try:
            with self.account.admitted(TOKENS.input, 1000, clock) as admission:
                await clock.sleep(0.5)
                admission.used = TOKENS
        except Refused:
            return Reply(429)
        return Reply(200, TOKENS.input, TOKENS.output)

    def begun(self, from_s: float, to_s: float) -> int:
        return sum(from_s <= at_s < to_s for at_s, _ in self.asked)


async def worked(provider: Provider, calls: int, **limits: int) -> FixedPause:
    client = FixedPause(provider.ask, LoopClock(), **limits)
    await client.run([body()] * calls)
    return client


def test_a_minutes_calls_at_once_and_then_at_the_rate() -> None:
    async def work() -> Provider:
        provider = Provider()
        await worked(provider, 90, requests_per_minute=60)
        return provider

    provider = run_virtually(work())
    assert provider.begun(0, 0.9) == 60, "one a millisecond, from a full bucket"
    assert provider.begun(10, 20) == pytest.approx(10, abs=1)
    assert len(provider.asked) == 90


def test_tokens_that_were_not_used_are_not_given_back() -> None:
    """Of 1,200 tokens each, all but 150 of which are the limit of an answer."""
    call = body("x" * 752, max_completion_tokens=1000)
    assert estimate(call) == 1195

    async def work() -> Provider:
        provider = Provider()
        client = FixedPause(provider.ask, LoopClock(), tokens_per_minute=11_950)
        await client.run([call] * 20)
        return provider

    provider = run_virtually(work())
    assert provider.begun(0, 1) == 10
    assert provider.begun(1, 61) == pytest.approx(10, abs=1)


@pytest.mark.parametrize(
    ("call", "tokens"),
    [
        (body("12345678"), 4 + 1 + 2 + 2 + 15),
        (body("123456789", max_tokens=100), 4 + 1 + 3 + 2 + 100),
        (body("12345678", response_format={"type": "json_schema"}), 4 + 1 + 2 + 2 + 15),
    ],
)
def test_the_estimate_is_the_scripts(call: bytes, tokens: int) -> None:
    assert estimate(call) == tokens


def test_after_a_refusal_nothing_is_begun_for_15_seconds() -> None:
    async def work() -> tuple[Provider, FixedPause]:
        provider = Provider(statuses=[200, 200, 429])
        return provider, await worked(provider, 10)

    provider, client = run_virtually(work())
    assert provider.begun(0, PAUSE_S) == 3
    assert provider.begun(PAUSE_S, PAUSE_S + 1) == 7 + 1
    assert client.bill == Counter(answered=10, rate_limited=1, input_tokens=1000, output_tokens=500)


def test_what_was_refused_is_tried_before_all_else() -> None:
    async def work() -> Provider:
        provider = Provider(statuses=[429])
        await FixedPause(provider.ask, LoopClock()).run([body(f"{number}") for number in range(5)])
        return provider

    assert [call for _, call in run_virtually(work()).asked] == [body(number) for number in "001234"]


def test_other_errors_do_not_make_it_pause() -> None:
    async def work() -> tuple[float, FixedPause]:
        client = await worked(Provider(statuses=[500, 503]), 5)
        return LoopClock().monotonic(), client

    took_s, client = run_virtually(work())
    assert took_s < 1
    assert client.bill["answered"] == 5


def test_a_call_is_given_up_after_five_attempts() -> None:
    async def work() -> tuple[Provider, FixedPause]:
        provider = Provider(statuses=[500] * 5)
        return provider, await worked(provider, 1)

    provider, client = run_virtually(work())
    assert len(provider.asked) == 5
    assert client.given_up == 1
    assert not client.bill["answered"]


async def beside_a_competitor(quota: Quota, seconds: float) -> tuple[Provider, Counter[str], Counter[str]]:
    """Let both work, and give what came of the client's calls and of the competitor's."""
    provider, theirs = Provider(quota), Counter[str]()
    limit = quota.requests_per_minute or 0
    rival = Competitor(provider.ask, LoopClock(), theirs, lambda bill: bill["answered"], limit / 3)
    client = FixedPause(provider.ask, LoopClock(), requests_per_minute=limit)
    both = [asyncio.ensure_future(each.run([body()] * ENOUGH)) for each in (rival, client)]
    await asyncio.sleep(seconds)
    for each in both:
        each.cancel()
    await asyncio.gather(*both, return_exceptions=True)
    return provider, client.bill, theirs


def test_it_does_not_feel_a_competitor() -> None:
    """It sends what its own bucket has, is refused, and stands still, minute after minute; the window is used up."""
    _, ours, theirs = run_virtually(beside_a_competitor(Quota(requests_per_minute=120, kind="window"), 240))
    assert ours["answered"] + theirs["answered"] == pytest.approx(480, abs=5)
    assert ours["rate_limited"] >= 0.01 * ours["answered"]
