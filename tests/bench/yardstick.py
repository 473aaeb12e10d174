"""A bare loop that calls the simulator through the same client as the executor: what no pipeline can beat."""

import asyncio
import time

import httpx
from httpx_aiohttp import AiohttpTransport

_BODY = {
    "model": "simulated",
    "messages": [{"role": "user", "content": "Write a product description of the Garden chair, made of beech."}],
}


async def calls_a_second(url: str, *, calls: int, at_once: int) -> float:
    """Call a chat completions endpoint so many times, so many at once, and give the rate.

    Args:
        url: base URL of the endpoint, with `/v1`.
        calls: how many.
        at_once: how many are in flight.
    """
    left = iter(range(calls))
    async with httpx.AsyncClient(transport=AiohttpTransport(), base_url=url, timeout=30) as client:

        async def work() -> None:
            for _ in left:
                response = await client.post("/chat/completions", json=_BODY)
                response.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return calls / (time.perf_counter() - began)
