"""One suite over every dialect: the adapter against the simulator, which speaks the same one, over a real socket."""

import asyncio
from decimal import Decimal

import orjson
import pytest
from pydantic import SecretStr

from headchef_contracts.events.common import Parameters, Usage
from headchef_contracts.events.images import Image

from headchef.catalogue.form import MOST_IMAGE_TOKENS, DialectName
from headchef.catalogue.pricing import cost_of
from headchef.executor.dialects import DIALECTS
from headchef.executor.provider import Answered, Faulted
from headchef.simulator.settings import Rates
from tests.executor.fakes import PRICES, make_model
from tests.executor.simulated import VERSIONS, ask, question, simulated
from tests.support.images import ADDRESS, at, digest_of, inline, png, written

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "minLength": 3}, "year": {"type": "integer", "minimum": 1900}},
    "required": ["title", "year"],
}

pytestmark = pytest.mark.parametrize("dialect", DIALECTS)


def test_every_dialect_is_in_the_suite(dialect: DialectName) -> None:
    assert dialect in VERSIONS


async def test_an_answer_comes_with_usage_and_id(dialect: DialectName) -> None:
    async with simulated(dialect=dialect, reasoning_tokens=3) as (provider, simulator):
        reply = await ask(provider)
        (entry,) = simulator.bill.entries
    assert isinstance(reply, Answered)
    assert "Malibu" in reply.text
    assert reply.provider_model == "simulated"
    assert reply.finish_reason in ("stop", "end_turn", "STOP")
    assert reply.request_id == entry.request_id
    assert entry.tokens is not None
    assert reply.usage == Usage(input_tokens=entry.tokens.input, output_tokens=entry.tokens.output, reasoning_tokens=3)
    assert cost_of(reply.usage, PRICES) == entry.cost_usd


@pytest.mark.parametrize("marks", [False, True])
async def test_what_the_provider_caches_is_counted_and_priced_as_it_does(dialect: DialectName, marks: bool) -> None:
    static = "Write of the car alone, and claim nothing else.\n" * 100
    model = make_model(provider_model="simulated", max_output_tokens=4096, cache_breakpoints=marks)
    async with simulated(dialect=dialect) as (provider, simulator):
        replies = []
        for name in ("Nova", "Impala", "Malibu"):
            turns = [("user", f"{static}Name: {name}")]
            asked = question(model=model, messages=turns, static_characters=[len(static)])
            replies.append(await ask(provider, asked))
        bill = simulator.bill
    for reply, entry in zip(replies, bill.entries, strict=True):
        assert reply.usage is not None
        assert entry.tokens is not None
        assert reply.usage.input_tokens == entry.tokens.input
        assert reply.usage.cached_input_tokens == entry.tokens.cached_input
        assert reply.usage.cache_write_input_tokens == entry.tokens.cache_write
        assert cost_of(reply.usage, PRICES) == entry.cost_usd
    caches = marks or dialect != "anthropic"  # which caches nothing without a mark
    assert (bill.cached_input_tokens > 0) == caches
    assert bill.cache_write_tokens in (0, bill.cached_input_tokens), "written once and read once, or read for nothing"


async def test_images_are_seen_by_address_and_by_bytes(dialect: DialectName) -> None:
    async with simulated(dialect=dialect) as (provider, simulator):
        replies = [await ask(provider, question("What is it?", images=shown)) for shown in ((at(),), (inline(),))]
        entries = list(simulator.bill.entries)
    texts = [reply.text if isinstance(reply, Answered) else "" for reply in replies]
    assert ADDRESS in texts[0]
    assert f"image/png {digest_of(png())}, {len(png())} bytes" in texts[1]
    for reply, entry in zip(replies, entries, strict=True):
        assert entry.tokens is not None
        assert reply.usage is not None
        assert reply.usage.input_tokens == entry.tokens.input
        assert cost_of(reply.usage, PRICES) == entry.cost_usd


async def test_an_image_counts_for_its_tokens_and_not_for_its_bytes(dialect: DialectName) -> None:
    small, large = (Image(media_type="image/png", base64=written(png() + bytes(size))) for size in (0, 90_000))
    async with simulated(dialect=dialect) as (provider, _):
        plain, *shown = [
            await ask(provider, question("What is it?", images=images))
            for images in ((), (small,), (large,), (at(),) * 3)
        ]
    counts = [reply.usage.input_tokens - plain.usage.input_tokens for reply in shown if reply.usage and plain.usage]
    assert counts[0] == counts[1], "a provider reads pixels, and not base64"
    assert 250 < counts[0] < MOST_IMAGE_TOKENS
    assert counts[2] == pytest.approx(3 * counts[0], abs=100), "beside the words around them"


async def test_another_image_is_no_part_of_what_the_provider_has_cached(dialect: DialectName) -> None:
    async with simulated(dialect=dialect) as (provider, _):
        shown = [(inline(), at()), (inline(1), at()), (inline(), at())]
        replies = [await ask(provider, question("What is it?", images=images)) for images in shown]
    cached = [reply.usage.cached_input_tokens for reply in replies if reply.usage]
    assert cached[1] == 0
    assert (cached[2] > 0) == (dialect != "anthropic"), "which caches nothing without a mark"


async def test_a_model_that_takes_no_images_refuses_them(dialect: DialectName) -> None:
    async with simulated(dialect=dialect, blind_models=("simulated",)) as (provider, simulator):
        reply = await ask(provider, question("What is it?", images=(at(),)))
        assert isinstance(await ask(provider, question("What is it?")), Answered)
        assert simulator.bill.calls == {"bad_request": 1, "answered": 1}
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final, reply.halts) == ("bad_request", "provider_refused_request", None)


async def test_a_schema_is_asked_for_in_the_providers_own_way(dialect: DialectName) -> None:
    async with simulated(dialect=dialect) as (provider, _):
        reply = await ask(provider, question("Name: Malibu\nYear: 1970", output_schema=SCHEMA))
        free = await ask(provider, question(output_schema=SCHEMA, model=make_model(
            provider_model="simulated", max_output_tokens=4096, structured_output="none"
        )))  # fmt: skip
    assert isinstance(reply, Answered)
    value = orjson.loads(reply.text)
    assert set(value) == {"title", "year"}
    assert value["year"] == 1970
    assert isinstance(free, Answered)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(free.text)


async def test_all_parameters_are_taken(dialect: DialectName) -> None:
    parameters = Parameters(temperature=0.5, top_p=0.5, seed=3, stop=("END",), max_output_tokens=5)
    async with simulated(dialect=dialect) as (provider, _):
        reply = await ask(provider, question(parameters=parameters))
    assert isinstance(reply, Faulted)
    assert reply.outcome == "length", "the limit of the job counts where it is below that of the model"


async def test_earlier_turns_of_a_conversation_are_taken(dialect: DialectName) -> None:
    turns = [("system", "You write."), ("user", "Hi."), ("assistant", "Name: Nova"), ("user", "Name: Impala")]
    async with simulated(dialect=dialect) as (provider, _):
        reply = await ask(provider, question(messages=turns))
    assert isinstance(reply, Answered)
    assert "Impala" in reply.text
    assert "Nova" not in reply.text


@pytest.mark.parametrize(
    ("rates", "outcome", "final"),
    [
        (Rates(rate_limited=1), "rate_limited", None),
        (Rates(server_error=1), "server_error", None),
        (Rates(unavailable=1), "server_error", None),
        (Rates(billing=1), "credentials", "credentials"),
        (Rates(reset=1), "connection", None),
        (Rates(malformed=1), "malformed_response", None),
        (Rates(length=1), "length", "length"),
        (Rates(refusal=1), "refusal", "refusal"),
    ],
)
async def test_each_fault_of_the_simulator_has_its_outcome(
    dialect: DialectName, rates: Rates, outcome: str, final: str | None
) -> None:
    async with simulated(rates, dialect=dialect, retry_after_s=3) as (provider, _):
        reply = await ask(provider)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final) == (outcome, final)
    assert reply.halts == ("billing" if rates.billing else None)
    assert reply.retry_after_s == (3 if outcome == "rate_limited" else None)
    assert (reply.usage is not None) == (outcome in ("length", "refusal"))


async def test_a_broken_schema_is_still_an_answer(dialect: DialectName) -> None:
    async with simulated(Rates(schema_violation=1), dialect=dialect) as (provider, _):
        assert isinstance(await ask(provider, question(output_schema=SCHEMA)), Answered)


async def test_what_the_provider_refuses_has_a_reason(dialect: DialectName) -> None:
    async with simulated(dialect=dialect, context_tokens=300, max_body_bytes=4096) as (provider, _):
        unknown = await ask(provider, question(model=make_model(provider_model="gone", max_output_tokens=9)))
        too_long = await ask(provider, question("x" * 2000))
        too_large = await ask(provider, question("x" * 8000))
    assert [reply.final for reply in (unknown, too_long, too_large) if isinstance(reply, Faulted)] == [
        "unknown_model",
        "too_large",
        "too_large",
    ]
    assert [reply.halts for reply in (unknown, too_long, too_large) if isinstance(reply, Faulted)] == [
        "unknown_model",
        None,
        None,
    ]


async def test_the_key_is_sent_and_a_wrong_one_is_a_matter_of_credentials(dialect: DialectName) -> None:
    async with simulated(dialect=dialect, key="sk-right", api_key=SecretStr("sk-right")) as (provider, _):
        assert isinstance(await ask(provider), Answered)
    async with simulated(dialect=dialect, key="sk-wrong", api_key=SecretStr("sk-right")) as (provider, _):
        reply = await ask(provider)
    assert isinstance(reply, Faulted)
    assert (reply.outcome, reply.final, reply.halts) == ("credentials", "credentials", "credentials")


async def test_costs_recorded_equal_the_bill(dialect: DialectName) -> None:
    rates = Rates(rate_limited=0.1, server_error=0.1, length=0.1, refusal=0.1)
    async with simulated(rates, dialect=dialect, reasoning_tokens=5) as (provider, simulator):
        replies = await asyncio.gather(*(ask(provider, question(f"Size: {number}")) for number in range(100)))
        bill = simulator.bill
    costs = [cost for reply in replies if (cost := cost_of(reply.usage, PRICES)) is not None]
    assert sum(costs, Decimal(0)) == bill.cost_usd
    assert len(costs) == bill.calls["answered"] + bill.calls["length"] + bill.calls["refusal"]
    assert bill.calls["rate_limited"] > 0
