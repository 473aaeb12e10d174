"""A simulated account as a client sees it: a call and what came of it, and the account's bill."""

import json
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call.

    Attributes:
        status: of HTTP.
        input_tokens: of its prompt, as billed; 0 where it was not answered.
        output_tokens: of its answer, likewise.
    """

    status: int
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def bill(self) -> Mapping[str, int]:
        """Give what this adds to a bill, by the names of `bill_of`."""
        if self.status == 200:
            return {"answered": 1, "input_tokens": self.input_tokens, "output_tokens": self.output_tokens}
        return {"rate_limited": 1} if self.status == 429 else {}


Ask = Callable[[bytes], Awaitable[Reply]]
"""Makes a call, given its body."""


@asynccontextmanager
async def account_at(url: str) -> AsyncIterator[Ask]:
    """Open an account for calls over HTTP, at most 100 at once, which is what aiohttp does by itself.

    Args:
        url: base URL, with `/v1`.
    """
    async with aiohttp.ClientSession(headers=_JSON) as session:

        async def ask(body: bytes) -> Reply:
            async with session.post(f"{url}/chat/completions", data=body) as response:
                usage = (await response.json()).get("usage", {})
            return Reply(response.status, usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0))

        yield ask


def bill_of(url: str) -> Counter[str]:
    """Read what the simulator has answered, refused and counted so far.

    Args:
        url: base URL, with `/v1`.
    """
    with urllib.request.urlopen(url.replace("/v1", "/bill"), timeout=60) as response:
        bill = json.load(response)
    calls = bill["calls_by_outcome"]
    return Counter(
        answered=calls.get("answered", 0),
        rate_limited=calls.get("rate_limited", 0),
        input_tokens=bill["input_tokens"],
        output_tokens=bill["output_tokens"],
    )
