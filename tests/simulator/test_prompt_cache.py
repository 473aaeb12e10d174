"""The simulated cache of prompts: what is read, written and billed, in each dialect's own way, and for how long."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.simulator.dialects.reading import Reading
from headchef.simulator.prompt_cache import Found, PromptCache
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Caching, Settings
from tests.support.manual_clock import ManualClock

STATIC = "Write of the car alone, and claim nothing else.\n" * 100
"""4,800 bytes: 1,200 tokens of the simulator's."""

PRICES = {"input_usd": "1000000", "cached_input_usd": "100000", "cache_write_usd": "1250000", "output_usd": "0"}
"""Of a token, one dollar: or ten cents, or 1.25."""


def anthropic(slot: str, *, marked: bool = True, **fields: Any) -> tuple[str, dict[str, Any]]:
    block = {"type": "text", "text": STATIC, **({"cache_control": {"type": "ephemeral"}} if marked else {})}
    said = [{"role": "user", "content": [block, {"type": "text", "text": slot}]}]
    return "/v1/messages", {"model": "simulated", "max_tokens": 9, "messages": said, **fields}


def openai(slot: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": STATIC + slot}]
    return "/v1/chat/completions", {"model": "simulated", "messages": said, **fields}


def openai_with_marks(slot: str, *, marked: bool = True) -> tuple[str, dict[str, Any]]:
    block = {"type": "text", "text": STATIC, **({"prompt_cache_breakpoint": {"mode": "explicit"}} if marked else {})}
    said = [{"role": "user", "content": [block, {"type": "text", "text": slot}]}]
    return openai(slot, messages=said, prompt_cache_options={"mode": "explicit"})


def gemini(slot: str) -> tuple[str, dict[str, Any]]:
    return "/v1beta/models/simulated:generateContent", {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": STATIC + slot}]}],
    }


class Desk:
    """A simulator, its clock, and somebody who calls it."""

    def __init__(self, simulator: Simulator, clock: ManualClock, session: aiohttp.ClientSession) -> None:
        self.simulator, self.clock = simulator, clock
        self._session = session

    async def ask(self, call: tuple[str, dict[str, Any]], **headers: str) -> dict[str, Any]:
        """Call, and give the usage as the dialect tells it."""
        path, body = call
        async with self._session.post(self.simulator.address + path, json=body, headers=headers) as response:
            said = orjson.loads(await response.read())
        assert response.status == 200, said
        usage: dict[str, Any] = said["usageMetadata"] if "usageMetadata" in said else said["usage"]
        return usage


@asynccontextmanager
async def desk(**fields: Any) -> AsyncIterator[Desk]:
    clock = ManualClock()
    settings = Settings(port=0, **(PRICES | fields))
    async with Simulator(settings, clock) as simulator, aiohttp.ClientSession() as session:
        yield Desk(simulator, clock, session)


async def test_anthropic_writes_at_a_mark_and_reads_from_then_on() -> None:
    async with desk() as at:
        first, again = [await at.ask(anthropic(slot)) for slot in ("Name: Nova", "Name: Impala")]
        bill = at.simulator.bill
    written = first["cache_creation_input_tokens"]
    assert 1200 <= written <= 1204
    assert (first["cache_read_input_tokens"], again["cache_creation_input_tokens"]) == (0, 0)
    assert again["cache_read_input_tokens"] == written
    fresh = first["input_tokens"] + again["input_tokens"]
    assert bill.input_cost_usd == fresh + written * Decimal("1.35")
    assert (bill.cached_input_tokens, bill.cache_write_tokens) == (written, written)
    assert bill.input_tokens == fresh + 2 * written


async def test_without_a_mark_anthropic_neither_reads_nor_writes() -> None:
    async with desk() as at:
        usages = [await at.ask(anthropic(slot, marked=slot == "b")) for slot in "abc"]
    assert [usage["cache_creation_input_tokens"] > 0 for usage in usages] == [False, True, False]
    assert [usage["cache_read_input_tokens"] for usage in usages] == [0, 0, 0]


@pytest.mark.parametrize("call", [openai, gemini])
async def test_others_cache_by_themselves_in_steps_and_write_for_nothing(call: Any) -> None:
    async with desk() as at:
        usages = [await at.ask(call(slot)) for slot in ("Name: Nova", "Name: Impala", "Name: Nova")]
        entries = at.simulator.bill.entries
    reads = [entry.tokens.cached_input for entry in entries if entry.tokens]
    assert reads == [0, 1152, 1152], "1,024 and 128 of the 1,202 or so that are alike"
    told = [
        usage["prompt_tokens_details"]["cached_tokens"] if call is openai else usage.get("cachedContentTokenCount", 0)
        for usage in usages
    ]
    assert told == reads
    assert all(entry.tokens.cache_write == 0 for entry in entries if entry.tokens)


async def test_openai_caches_up_to_marks_alone_where_it_is_told_to() -> None:
    async with desk() as at:
        calls = [openai_with_marks("a"), openai_with_marks("b"), openai_with_marks("c", marked=False), openai("d")]
        details = [(await at.ask(call))["prompt_tokens_details"] for call in calls]
    written = details[0]["cache_write_tokens"]
    assert written > 1024
    assert details[1:] == [{"cached_tokens": written}, {"cached_tokens": 0}, {"cached_tokens": 0}]


async def test_what_nobody_uses_is_forgotten_and_each_use_keeps_it_for_longer() -> None:
    reads = []
    async with desk() as at:
        for pause_s in (0, 200, 200, 299, 301):
            at.clock.advance(pause_s)
            reads.append((await at.ask(anthropic(f"after {pause_s}")))["cache_read_input_tokens"] > 0)
    assert reads == [False, True, True, True, False]


async def test_accounts_models_and_forms_of_the_answer_share_nothing() -> None:
    form = {"format": {"type": "json_schema", "schema": {"type": "string"}}}
    async with desk(models=("simulated", "other")) as at:
        await at.ask(anthropic("a"), **{"x-api-key": "one"})
        assert (await at.ask(anthropic("b"), **{"x-api-key": "one"}))["cache_read_input_tokens"]
        for call, key in (
            (anthropic("c"), "two"),
            (anthropic("d", model="other"), "one"),
            (anthropic("e", output_config=form), "one"),
            (anthropic("f", system="Be brief."), "one"),
        ):
            assert (await at.ask(call, **{"x-api-key": key}))["cache_read_input_tokens"] == 0


async def test_a_short_prompt_and_a_cache_that_is_off_cost_what_they_did() -> None:
    async with desk(caching=Caching(min_tokens=1300)) as at:
        assert [(await at.ask(anthropic("a")))["cache_creation_input_tokens"] for _ in range(2)] == [0, 0]
    async with desk(caching=Caching(on=False)) as at:
        assert [(await at.ask(anthropic("a")))["cache_creation_input_tokens"] for _ in range(2)] == [0, 0]


def test_what_a_call_writes_can_be_read_once_it_is_answered() -> None:
    cache, reading = PromptCache(Caching(min_tokens=1)), Reading(b"static slot", (7,), needs_marks=True)
    first, meanwhile = cache.look("me", reading, 0), cache.look("me", reading, 1)
    cache.keep(first, 2)
    assert [each.written_tokens for each in (first, meanwhile)] == [1, 1]
    assert (cache.look("me", reading, 3).read_tokens, cache.look("me", reading, 3).written_tokens) == (1, 0)


def test_the_longest_marked_beginning_is_read_and_what_follows_written() -> None:
    cache, text = PromptCache(Caching(min_tokens=1)), b"x" * 40
    cache.keep(cache.look("me", Reading(text, (8, 16), needs_marks=True), 0), 0)
    found = cache.look("me", Reading(text, (8, 16, 32), needs_marks=True), 1)
    assert (found.read_tokens, found.written_tokens) == (4, 4)


def test_what_is_remembered_is_bounded() -> None:
    cache = PromptCache(Caching(min_tokens=1, max_beginnings=2))
    for owner in "abc":
        cache.keep(cache.look(owner, Reading(b"xxxx", (4,), needs_marks=True), 0), 0)
    assert [cache.look(owner, Reading(b"xxxx", (4,), needs_marks=True), 0).read_tokens for owner in "abc"] == [0, 1, 1]


@given(st.lists(st.tuples(st.sampled_from(["aaaa", "aaab", "abab"]), st.text("xy", max_size=12)), max_size=12))
def test_only_what_an_earlier_prompt_began_with_is_read(prompts: list[tuple[str, str]]) -> None:
    cache, earlier = PromptCache(Caching(min_tokens=1, step_tokens=1)), [b""]
    for static, slot in prompts:
        text = f"{static}{slot}".encode()
        found: Found = cache.look("me", Reading(text), 0)
        alike = max(_shared(text, each) for each in earlier)
        assert found.read_tokens == min(alike // 4, len(text) // 4)
        cache.keep(found, 0)
        earlier.append(text)


def _shared(one: bytes, other: bytes) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
