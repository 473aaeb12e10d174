"""Texts that gather for an endpoint with a quota: few requests, none beyond the quota, and nobody waits for long.

The endpoint is a server on this machine; the time by which quotas and pauses are counted moves as the test says.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from random import Random

import pytest

from headchef.embedding import EmbeddingFailed
from headchef.embedding.endpoint import EmbeddingEndpoint, open_endpoint
from headchef.embedding.gathering import GatheredEmbedder, Gathering
from headchef.embedding.lane import EmbeddingLane, EmbeddingQuota
from tests.embedding.endpoint_server import EndpointServer, serving_endpoint
from tests.support.eventually import PATIENCE_S, eventually
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics


class Bench:
    """An endpoint, and what embeds there."""

    def __init__(self, server: EndpointServer, embedder: GatheredEmbedder, clock: ManualClock) -> None:
        self.server = server
        self.embedder = embedder
        self.clock = clock
        self.metrics = RecordedMetrics()

    def refused(self, times: int) -> bool:
        """Say whether the endpoint has refused so often."""
        return self.metrics.total("headchef.embedding.requests", outcome="rate_limited") == times

    def ask(self, *texts: str) -> "asyncio.Task[list[float]]":
        """Begin to embed, and give what the vectors say of the texts' lengths."""
        return asyncio.ensure_future(self._lengths(texts))

    async def asks(self, *texts: str) -> list[float]:
        """Embed."""
        return await self._lengths(texts)

    async def _lengths(self, texts: tuple[str, ...]) -> list[float]:
        return [round(vector[0] / vector[1]) for vector in await self.embedder.embed(texts)]


@asynccontextmanager
async def _bench(
    *, batch: int = 64, wait_s: float = 0.5, price_usd: str | None = None, tasks: int = 1, **quota: int
) -> AsyncIterator[Bench]:
    clock, metrics = ManualClock(), RecordedMetrics()
    async with serving_endpoint() as server:
        where = EmbeddingEndpoint(server.url, None, "small", 2, timeout_s=PATIENCE_S, retries=0)
        async with open_endpoint(where, clock, Random(1)) as endpoint:
            lane = EmbeddingLane(EmbeddingQuota(**quota), clock.monotonic())
            price = None if price_usd is None else Decimal(price_usd)
            embedder = GatheredEmbedder(endpoint, lane, Gathering(batch, wait_s, price), clock, metrics)
            for task in range(tasks):
                embedder.begun(task, lambda: 1)
            bench = Bench(server, embedder, clock)
            bench.metrics = metrics
            yield bench
            await embedder.close()


async def test_texts_share_requests_and_come_back_in_order() -> None:
    async with _bench(batch=2) as bench:
        assert await bench.asks("a", "bb", "ccc", "a", "dddd") == [1, 2, 3, 1, 4]
        assert sorted(bench.server.asked) == [["a", "bb"], ["ccc", "dddd"]]
        assert await bench.asks() == []


async def test_what_comes_while_no_place_is_free_shares_the_next_request() -> None:
    async with _bench(concurrency=1) as bench:
        bench.server.hold()
        first = bench.ask("a")
        await bench.server.has_been_asked(1)
        others = [bench.ask("a", "bb"), bench.ask("ccc"), bench.ask("bb")]
        await asyncio.sleep(0)
        bench.server.go_on()
        assert await first == [1]
        assert [await each for each in others] == [[1, 2], [3], [2]]
        assert bench.server.asked == [["a"], ["bb", "ccc"]]
        assert bench.server.most_at_once == 1


async def test_beyond_the_requests_of_a_minute_it_fails_at_once_and_sends_nothing() -> None:
    async with _bench(batch=1, requests_per_minute=60) as bench:
        bench.clock.advance(10)
        # A bucket holds 2 % of a minute's quota.
        with pytest.raises(EmbeddingFailed, match="leaves no room") as failed:
            await bench.asks("a", "bb", "ccc")
        assert (failed.value.reason, failed.value.withheld) == ("quota", True)
        assert (bench.server.asked, list(failed.value.made)) == ([["a"]], ["a"])
        bench.clock.advance(10)
        assert await bench.asks("bb") == [2]


async def test_it_waits_for_the_quota_no_longer_than_is_set() -> None:
    async with _bench(batch=1, wait_s=1.5, requests_per_minute=60) as bench:
        bench.clock.advance(10)
        asked = bench.ask("a", "bb", "ccc")
        await bench.server.has_been_asked(1)
        assert not asked.done()
        bench.clock.advance(1.1)
        with pytest.raises(EmbeddingFailed) as failed:
            await asked
        assert set(failed.value.made) == {"a", "bb"}
        assert bench.server.asked == [["a"], ["bb"]]


async def test_a_place_that_does_not_become_free_is_not_waited_for_either() -> None:
    async with _bench(concurrency=1, wait_s=0.5) as bench:
        bench.server.hold()
        first = bench.ask("a")
        await bench.server.has_been_asked(1)
        second = bench.ask("bb")
        await asyncio.sleep(0)
        bench.clock.advance(0.6)
        with pytest.raises(EmbeddingFailed, match="leaves no room"):
            await second
        bench.server.go_on()
        assert await first == [1]


async def test_tokens_of_a_minute_are_kept_to_and_texts_that_still_fit_are_sent() -> None:
    # 2 % of 3,000 are 60: seven texts of eight pieces, which count for as many tokens before the endpoint has told.
    async with _bench(tokens_per_minute=3_000, wait_s=0.0) as bench:
        bench.clock.advance(10)
        texts = [f"{'word ' * 7}{number}" for number in range(10)]
        with pytest.raises(EmbeddingFailed) as failed:
            await bench.asks(*texts)
        assert (failed.value.reason, list(failed.value.made)) == ("quota", texts[:7])
        assert bench.server.asked == [texts[:7]]


async def test_429_is_heeded_for_as_long_as_the_endpoint_says() -> None:
    async with _bench() as bench:
        bench.server.refusals.append((429, {"retry-after": "7"}))
        with pytest.raises(EmbeddingFailed) as failed:
            await bench.asks("a")
        assert failed.value.reason == "rate_limited"
        bench.clock.advance(6.4)
        with pytest.raises(EmbeddingFailed, match="has asked to wait"):
            await bench.asks("bb")
        assert bench.server.asked == [["a"]]
        bench.clock.advance(0.7)
        assert await bench.asks("a", "bb") == [1, 2]
        assert bench.metrics.total("headchef.embedding.requests", outcome="rate_limited") == 1
        assert bench.metrics.total("headchef.embedding.requests", outcome="ok") == 1


async def test_what_can_wait_so_long_is_asked_for_again() -> None:
    async with _bench(wait_s=10) as bench:
        bench.server.refusals += [(429, {"retry-after": "3"}), (429, {})]
        asked = bench.ask("a", "bb")
        for times, pause_s in ((1, 3.01), (2, 1.01)):
            await bench.server.has_been_asked(times)
            await eventually(partial(bench.refused, times))
            bench.clock.advance(pause_s)
        assert await asked == [1, 2]
        assert bench.server.asked == [["a", "bb"]] * 3


async def test_another_fault_is_told_at_once_and_also_then_a_wait_is_heeded() -> None:
    async with _bench(wait_s=10) as bench:
        bench.server.refusals.append((503, {"retry-after": "20"}))
        with pytest.raises(EmbeddingFailed) as failed:
            await bench.asks("a")
        assert (failed.value.reason, failed.value.withheld) == ("http_status", False)
        with pytest.raises(EmbeddingFailed, match="has asked to wait"):
            await bench.asks("a")
        assert len(bench.server.asked) == 1


async def test_what_nobody_waits_for_any_more_is_not_sent() -> None:
    async with _bench(concurrency=1, wait_s=60) as bench:
        bench.server.hold()
        first, gone = bench.ask("a"), bench.ask("bb", "ccc")
        await bench.server.has_been_asked(1)
        stays = bench.ask("ccc")
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        bench.server.go_on()
        assert (await first, await stays) == ([1], [3])
        assert bench.server.asked == [["a"], ["ccc"]]


async def test_a_process_without_tasks_uses_nothing_of_a_quota() -> None:
    async with _bench(requests_per_minute=600, wait_s=0.0, tasks=0) as bench:
        bench.clock.advance(60)
        with pytest.raises(EmbeddingFailed, match="leaves no room"):
            await bench.asks("a")
        bench.embedder.begun(3, lambda: 4)
        bench.clock.advance(10)
        assert await bench.asks("a") == [1]
        bench.embedder.ended(3)
        with pytest.raises(EmbeddingFailed, match="leaves no room"):
            await bench.asks("bb")


async def test_a_process_that_has_no_place_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async with _bench(concurrency=1, tasks=0) as bench:
        bench.embedder.begun(1, lambda: 4)
        assert "fewer than the 4 tasks" in caplog.text


async def test_tokens_and_their_price_are_counted() -> None:
    async with _bench(price_usd="0.02") as bench:
        await bench.asks("a", "bb", "ccc")
        assert bench.metrics.total("headchef.embedding.tokens") == 30
        assert bench.metrics.total("headchef.embedding.cost") == pytest.approx(30 * 0.02 / 1e6)
