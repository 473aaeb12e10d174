"""What the simulated account lets in, and what it says of the rest."""

import asyncio
from contextlib import ExitStack
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.simulator.bill import Tokens
from headchef.simulator.dialects import Refused
from headchef.simulator.quota import MINUTE_S, Account, Bucket, Meter, Window
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Quota, Settings
from tests.support.manual_clock import ManualClock


class Desk:
    """An account and a clock."""

    def __init__(self, **limits: Any) -> None:
        self.clock = ManualClock()
        self.account = Account(Quota(**limits), self.clock.monotonic())

    def call(self, input_tokens: int = 10, limit: int = 0, used: Tokens | None = None) -> float | None:
        """Make a call that takes no time; give the seconds that it is asked to wait, or None if it was let in."""
        try:
            with self.account.admitted(input_tokens, limit, self.clock) as admission:
                admission.used = used
        except Refused as refused:
            return refused.wait_s if refused.kind == "rate_limited" else None
        return None

    def left(self) -> dict[str, int]:
        return {each.resource: each.left for each in self.account.standings(self.clock.monotonic())}


def test_a_bucket_fills_all_the_time() -> None:
    desk = Desk(requests_per_minute=60, span_s=2)
    assert [desk.call() for _ in range(3)] == [None, None, 1.0]
    desk.clock.advance(0.5)
    assert desk.call() == 0.5
    desk.clock.advance(0.5)
    assert [desk.call(), desk.call()] == [None, 1.0]
    desk.clock.advance(1000)
    assert desk.left() == {"requests": 2}, "it holds no more than the span's"


def test_a_window_counts_anew() -> None:
    desk = Desk(requests_per_minute=2, kind="window")
    into_s = desk.clock.monotonic() % MINUTE_S
    desk.clock.advance(MINUTE_S - into_s + 59)
    assert [desk.call() for _ in range(3)] == [None, None, 1.0]
    desk.clock.advance(1)
    assert [desk.call() for _ in range(3)] == [None, None, 60.0]


def test_the_output_limit_is_held_until_the_call_is_over() -> None:
    desk = Desk(tokens_per_minute=1000)
    with desk.account.admitted(100, 400, desk.clock) as admission:
        assert desk.left() == {"tokens": 500}
        assert desk.call(100, 401) == pytest.approx(0.06)
        admission.used = Tokens(100, 50)
    assert desk.left() == {"tokens": 850}


def test_what_was_read_from_the_cache_and_what_was_not_answered_is_free() -> None:
    desk = Desk(input_tokens_per_minute=1000, tokens_per_minute=1000)
    assert desk.call(600, used=Tokens(600, 10, cached_input=500)) is None
    assert desk.left() == {"tokens": 390, "input_tokens": 900}
    assert desk.call(300) is None
    assert desk.left() == {"tokens": 390, "input_tokens": 900}


def test_output_is_counted_when_it_is_made() -> None:
    desk = Desk(output_tokens_per_minute=60)
    assert desk.call(limit=1_000_000, used=Tokens(1, 80)) is None
    assert desk.left() == {"output_tokens": 0}
    assert desk.call() == 21.0
    desk.clock.advance(21)
    assert desk.call() is None


def test_calls_at_once_are_limited() -> None:
    desk = Desk(concurrency=2)
    with ExitStack() as going_on:
        for _ in range(2):
            going_on.enter_context(desk.account.admitted(1, 0, desk.clock))
        assert desk.call() == 0
    assert desk.call() is None


@pytest.mark.parametrize(("count", "wait_s"), [(False, 1.0), (True, 2.0)])
def test_refused_calls_may_count_too(count: bool, wait_s: float) -> None:
    desk = Desk(requests_per_minute=60, span_s=1, refusals_count=count)
    assert [desk.call(), desk.call()] == [None, 1.0]
    assert desk.call() == wait_s


calls = st.lists(st.tuples(st.floats(0, 20), st.integers(1, 40)), max_size=60)


@given(calls=calls, meter=st.sampled_from(["bucket", "window"]))
def test_no_minute_gives_out_more_than_the_quota_and_what_was_saved(calls: list[tuple[float, int]], meter: str) -> None:
    limit, span_s = 60, 30.0
    made: Meter = Bucket(limit, limit * span_s / MINUTE_S, 0) if meter == "bucket" else Window(limit, span_s)
    now_s, given_out = 0.0, []
    for pause_s, amount in calls:
        now_s += pause_s
        if amount <= made.left(now_s):
            assert made.wait_s(amount, now_s) == 0
            made.take(amount, now_s)
            given_out.append((now_s, amount))
        elif amount <= made.most:
            later_s = now_s + made.wait_s(amount, now_s)
            assert amount <= made.left(later_s) + 1e-6
    for start_s, _ in given_out:
        assert sum(amount for at_s, amount in given_out if start_s <= at_s < start_s + MINUTE_S) <= limit * 1.5 + 1e-6


PATHS = {
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/simulated:generateContent",
}
BODY = {
    "model": "simulated",
    "max_tokens": 5000,
    "messages": [{"role": "user", "content": "Name: Nova"}],
    "contents": [{"role": "user", "parts": [{"text": "Name: Nova"}]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "headers"),
    [
        (
            "openai",
            {
                "x-ratelimit-limit-requests": "1",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1m0s",
                "x-ratelimit-limit-tokens": "60000",
                "retry-after": "60",
                "retry-after-ms": "60000",
            },
        ),
        (
            "anthropic",
            {
                "anthropic-ratelimit-requests-limit": "1",
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-11-22T12:01:00Z",
                "anthropic-ratelimit-tokens-limit": "60000",
                "retry-after": "60",
            },
        ),
        ("gemini", {}),
    ],
)
async def test_each_dialect_tells_of_the_quota_in_its_own_way(dialect: str, headers: dict[str, str]) -> None:
    settings = Settings(port=0, quota=Quota(requests_per_minute=1, tokens_per_minute=60_000))
    async with Simulator(settings, ManualClock()) as simulator, aiohttp.ClientSession() as session:
        found = []
        for _ in range(2):
            async with session.post(simulator.address + PATHS[dialect], data=orjson.dumps(BODY)) as response:
                found.append((response.status, response.headers.copy(), orjson.loads(await response.read())))
        (first, _, _), (second, told, said) = found
        assert (first, second) == (200, 429)
        assert {name: told[name] for name in headers} == headers
        assert dict(simulator.bill.calls) == {"answered": 1, "rate_limited": 1}
    if dialect == "gemini":
        quota, wait = said["error"]["details"]
        assert quota["violations"] == [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}]
        assert wait["retryDelay"] == "60s"
        assert not [name for name in told if "ratelimit" in name.lower() or "retry" in name.lower()]


async def test_calls_at_once_are_limited_over_http_too() -> None:
    clock = ManualClock()
    settings = Settings(port=0, quota=Quota(concurrency=1), latency_median_s=5, latency_sigma=0)
    async with Simulator(settings, clock) as simulator, aiohttp.ClientSession() as session:

        async def call() -> int:
            async with session.post(simulator.address + PATHS["openai"], data=orjson.dumps(BODY)) as response:
                return response.status

        going_on = [asyncio.create_task(call()) for _ in range(2)]
        done, waiting = await asyncio.wait(going_on, return_when=asyncio.FIRST_COMPLETED)
        assert [each.result() for each in done] == [429]
        clock.advance(5)
        assert [await each for each in waiting] == [200]
