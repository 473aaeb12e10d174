"""Documents are fetched from a server: what is given back, what is tried again, and what is the most that is taken."""

import asyncio
import gzip
import hashlib
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from headchef.sources.body import read_body
from headchef.sources.errors import FetchFailed
from headchef.sources.exchange import MAX_REDIRECTS
from headchef.sources.fetcher import Fetcher
from headchef.sources.wanted import Source, Wanted
from tests.sources.fetching import HastyClock, fetching, wanted
from tests.sources.site import Site, answer, moved, serving
from tests.support.eventually import eventually

BUSY = answer(status="503 Busy")


async def failed(fetcher: Fetcher, what: Wanted) -> FetchFailed:
    with pytest.raises(FetchFailed) as raised:
        await fetcher.fetch(what)
    return raised.value


@pytest.mark.parametrize(
    ("read_as", "content_type", "body", "value"),
    [
        ("json", "application/json", '{"price": 5}', {"price": 5}),
        ("text", "text/html; charset=utf-8", "<p>5 €</p><script>x</script>", "5 €"),
        ("csv", "text/csv", "sku,price\na1,5\n", [{"sku": "a1", "price": "5"}]),
    ],
)
async def test_a_document_is_read_and_its_source_told(read_as: Any, content_type: str, body: str, value: Any) -> None:
    async with serving() as site, fetching() as fetcher:
        address = site.at("/facts", answer(body, content_type=content_type))
        fetched = await fetcher.fetch(wanted(f" {address}?token=secret#top\n", read_as=read_as))
        assert site.paths == ["/facts?token=secret"]
    assert fetched.value == value
    digest = hashlib.sha256(body.encode()).hexdigest()
    assert fetched.source == Source(address, digest, len(body.encode()), content_type.partition(";")[0])


async def test_what_is_packed_is_unpacked_and_hashed_as_it_then_is() -> None:
    body = b"x" * 60_000
    async with serving() as site, fetching() as fetcher:
        for path, packed, coding in (
            ("/gzip", gzip.compress(body), "gzip"),
            ("/deflate", zlib.compress(body), "Deflate"),
        ):
            address = site.at(path, answer(packed, content_type="text/plain", content_encoding=coding))
            fetched = await fetcher.fetch(wanted(address))
            assert fetched.source.sha256 == hashlib.sha256(body).hexdigest()
        assert "accept-encoding: gzip\r\n" in site.asked[0][1].lower()


@pytest.mark.parametrize(
    ("packed", "coding", "message"),
    [
        (gzip.compress(b"x" * 1_000, mtime=0)[:-9], "gzip", "ends in the middle of what is packed as gzip"),
        (b"secret", "gzip", "is not packed as gzip, as its server says"),
        (gzip.compress(b"x", mtime=0) + b"secret", "gzip", "goes on after the end of what is packed as gzip"),
        (b"secret", "br", "is packed as 'br'; gzip was asked for"),
        (b"secret", "gzip, gzip", "is packed as 'gzip, gzip'; gzip was asked for"),
    ],
)
async def test_what_is_packed_badly_is_not_read(packed: bytes, coding: str, message: str) -> None:
    async with serving() as site, fetching() as fetcher:
        address = site.at("/x", answer(packed, content_encoding=coding))
        why = await failed(fetcher, wanted(address))
    assert (why.reason, why.message) == ("unreadable", f"{address} {message}")


async def test_no_more_is_taken_than_may_be_packed_or_not() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"400\r\n" + b"x" * 1_024 + b"\r\n")
            await writer.drain()

    bomb = gzip.compress(b"0" * 1_000_000)
    async with serving() as site, fetching() as fetcher:
        whole = site.at("/whole", answer("x" * 65_536, content_type="text/plain"))
        assert len((await fetcher.fetch(wanted(whole))).value) == 65_536
        for address in (
            site.at("/stated", answer("x" * 65_537)),
            site.at("/endless", endless),
            site.at("/bomb", answer(bomb, content_encoding="gzip")),
        ):
            why = await failed(fetcher, wanted(address))
            assert (why.reason, why.message) == ("too_large", f"{address} has more than 64 KiB; raise `max_kb`")


async def test_a_bomb_is_never_unpacked() -> None:
    bomb = gzip.compress(b"0" * 100_000_000)

    async def chunks() -> AsyncIterator[bytes]:
        yield bomb

    tracemalloc.start()
    try:
        with pytest.raises(FetchFailed):
            await read_body(chunks(), "gzip", 65_536, "it")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


async def test_one_that_drips_is_broken_off() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving() as site, fetching() as fetcher:
        address = site.at("/x", drip)
        why = await failed(fetcher, wanted(address, timeout_s=0.2, retries=4))
    assert (why.reason, why.message) == ("timeout", f"{address} took more than 0.2 s; raise `timeout_s`")


async def test_a_refusal_is_told_without_what_was_asked_or_answered() -> None:
    async with serving() as site, fetching() as fetcher:
        address = site.at("/facts", answer("secret", status="404 secret"))
        why = await failed(fetcher, wanted(f"{address}?token=secret", retries=4))
        assert (why.reason, why.message) == ("http_status", f"{address} answered with 404 Not Found")
        assert len(site.asked) == 1


@pytest.mark.parametrize("status", ["429 Slow", "500 Broken", "503 Busy", "599 Odd"])
async def test_what_may_pass_is_tried_again_after_ever_longer_pauses(status: str) -> None:
    clock = HastyClock()
    async with serving() as site, fetching(clock=clock) as fetcher:
        refused = answer(status=status)
        address = site.at("/x", refused, refused, refused, answer("5", content_type="text/plain"))
        assert (await fetcher.fetch(wanted(address, retries=3))).value == "5"
    assert [0.25 <= clock.slept[0] <= 0.5, 0.5 <= clock.slept[1] <= 1, 1 <= clock.slept[2] <= 2] == [True] * 3


async def test_it_is_tried_so_often_and_no_more() -> None:
    async with serving() as site, fetching() as fetcher:
        why = await failed(fetcher, wanted(site.at("/x", BUSY), retries=2))
        assert (why.reason, len(site.asked)) == ("http_status", 3)


async def test_a_connection_that_breaks_is_tried_again() -> None:
    async def hangs_up(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")

    async with serving() as site, fetching() as fetcher:
        address = site.at("/x", hangs_up, answer("whole", content_type="text/plain"))
        assert (await fetcher.fetch(wanted(address, retries=1))).value == "whole"
    async with fetching() as fetcher:
        why = await failed(fetcher, wanted(f"{address}?token=secret", retries=1))
    assert why.reason == "unreachable"
    assert why.message.startswith(f"the connection to {address} could not be made or was lost (")


async def test_a_source_may_say_how_long_to_wait_while_there_is_time() -> None:
    clock = HastyClock()
    async with serving() as site, fetching(clock=clock) as fetcher:
        slow = answer(status="429 Slow", retry_after="7")
        last = answer("5", content_type="text/plain")
        assert (await fetcher.fetch(wanted(site.at("/x", slow, last), retries=1))).value == "5"
        assert clock.slept == [7]
        why = await failed(fetcher, wanted(site.at("/y", slow), retries=20, timeout_s=20))
        # Two pauses of 7 s, and a third one would end too late.
        assert (why.reason, clock.slept, site.paths.count("/y")) == ("http_status", [7, 7, 7], 3)


async def test_redirects_are_followed_to_their_end_and_not_further() -> None:
    async with serving() as site, fetching() as fetcher:
        last = site.at("/last", answer("5", content_type="text/plain"))
        for number in range(1, MAX_REDIRECTS + 1):
            site.at(f"/{number}", moved(f"/{number - 1}" if number > 1 else "last"))
        first = site.at(f"/{MAX_REDIRECTS + 1}", moved(f"/{MAX_REDIRECTS}"))
        fetched = await fetcher.fetch(wanted(last.replace("/last", f"/{MAX_REDIRECTS}")))
        assert (fetched.value, fetched.source.address) == ("5", last)
        why = await failed(fetcher, wanted(first, retries=4))
        assert (why.reason, why.message[-len("more than 5 redirects") :]) == (
            "forbidden_redirect",
            "more than 5 redirects",
        )
        assert site.paths.count(f"/{MAX_REDIRECTS + 1}") == 1
        why = await failed(fetcher, wanted(site.at("/no", answer(status="302 Found")), retries=4))
        assert (why.reason, why.message.endswith("answered with 302 Found")) == ("http_status", True)


async def test_nothing_is_remembered_from_one_to_the_next_nor_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with serving() as site, fetching() as fetcher:
        address = site.at("/x", answer("5", content_type="text/plain", set_cookie="a=b"))
        await fetcher.fetch(wanted(address))
        await fetcher.fetch(wanted(address))
        assert ["cookie" in head.lower() for _, head in site.asked] == [False, False]


class Counter:
    """Answers that wait to be let go, and how many have waited at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.go = asyncio.Event()

    async def wait(self, writer: asyncio.StreamWriter) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await self.go.wait()
        self.now -= 1
        writer.write(answer("5", content_type="text/plain"))


async def begun(site: Site, fetcher: Fetcher, count: int) -> tuple[Counter, "asyncio.Future[Any]"]:
    counter = Counter()
    address = site.at("/x", counter.wait)
    fetches = asyncio.gather(*(fetcher.fetch(wanted(address)) for _ in range(count)))
    await eventually(lambda: counter.now > 0)
    return counter, fetches


async def test_a_host_is_asked_so_often_at_once() -> None:
    async with serving() as site, fetching(per_host=2) as fetcher:
        counter, fetches = await begun(site, fetcher, 7)
        await eventually(lambda: counter.now == 2)
        counter.go.set()
        assert [each.value for each in await fetches] == ["5"] * 7
    assert counter.most == 2


async def test_waiting_for_ones_turn_takes_no_time() -> None:
    clock = HastyClock()
    async with serving() as site, fetching(per_host=1, clock=clock) as fetcher:
        counter, fetches = await begun(site, fetcher, 2)
        clock.advance(100)
        counter.go.set()
        assert [each.value for each in await fetches] == ["5", "5"]
