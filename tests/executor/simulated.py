"""Questions, and accounts at the simulator in each dialect."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from headchef_contracts.events.common import Parameters
from headchef_contracts.events.images import Image

from headchef.catalogue import Endpoint
from headchef.catalogue.form import DialectName
from headchef.executor.calling import HttpProvider, open_provider
from headchef.executor.provider import Question, Reply, Turn
from headchef.executor.settings import Settings
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Rates
from headchef.simulator.settings import Settings as SimulatorSettings
from tests.executor.fakes import ACCOUNT, make_model
from tests.support.manual_clock import ManualClock

VERSIONS: dict[DialectName, str] = {"openai": "v1", "anthropic": "v1", "gemini": "v1beta"}
"""What a dialect's address ends with."""


def question(prompt: str = "Name: Malibu", **fields: Any) -> Question:
    """Make a question to the simulated model, which has an output limit since some dialects want one.

    `messages`, `static_characters` and `images` say it of each message; the last is for the last message alone.
    """
    messages = fields.pop("messages", [("system", "You write."), ("user", prompt)])
    static = fields.pop("static_characters", [0] * len(messages))
    images: list[tuple[Image, ...]] = [()] * (len(messages) - 1) + [tuple(fields.pop("images", ()))]
    turns = [
        Turn(role, text, shown, count) for (role, text), shown, count in zip(messages, images, static, strict=True)
    ]
    known: dict[str, Any] = {
        "model": make_model(provider_model="simulated", max_output_tokens=4096, takes_images=True),
        "parameters": Parameters(),
        "output_schema": None,
    }
    return Question(turns=turns, **(known | fields))


@asynccontextmanager
async def provider_at(
    base_url: str, key: str | None = None, dialect: DialectName = "openai", **fields: Any
) -> AsyncIterator[HttpProvider]:
    """Open an account at an address."""
    endpoint = Endpoint(base_url, SecretStr(key) if key else None)
    account = replace(ACCOUNT, dialect=dialect)
    async with open_provider(endpoint, account, Settings(**fields), ManualClock()) as provider:
        yield provider


@asynccontextmanager
async def simulated(
    rates: Rates | None = None,
    *,
    dialect: DialectName = "openai",
    key: str | None = None,
    call_timeout_s: float = 60,
    **fields: Any,
) -> AsyncIterator[tuple[HttpProvider, Simulator]]:
    """Open an account at a simulator."""
    settings = SimulatorSettings(port=0, rates=rates or Rates(), **fields)
    async with Simulator(settings) as simulator:
        base_url = f"{simulator.address}/{VERSIONS[dialect]}"
        async with provider_at(base_url, key, dialect, call_timeout_s=call_timeout_s) as provider:
            yield provider, simulator


async def ask(provider: HttpProvider, asked: Question | None = None) -> Reply:
    """Ask once."""
    return await provider.ask(provider.prepare(asked or question()))
