"""An endpoint that speaks OpenAI's `/embeddings` over HTTP, and answers as a test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson

from tests.support.eventually import PATIENCE_S

Refusal = tuple[int, dict[str, str]]
"""A status, and headers."""

TOKENS_A_TEXT = 10


class EndpointServer:
    """Gives each text the vector (its length, 1), and counts `TOKENS_A_TEXT` for each.

    Attributes:
        asked: the texts of each request, in order.
        refusals: what the next requests are answered instead.
        most_at_once: requests that were under way together.
    """

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.refusals: list[Refusal] = []
        self.most_at_once = 0
        self.url = ""
        self._at_once = 0
        self._free = asyncio.Event()
        self._free.set()
        self._news = asyncio.Event()

    def hold(self) -> None:
        """Answer nothing from now on."""
        self._free.clear()

    def go_on(self) -> None:
        """Answer all that waits, and what comes."""
        self._free.set()

    async def has_been_asked(self, times: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.asked) < times:
                self._news.clear()
                await self._news.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                texts = orjson.loads(await reader.readexactly(length))["input"]
                self.asked.append(texts)
                self._news.set()
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                status, headers = self.refusals.pop(0) if self.refusals else (200, {})
                await self._free.wait()
                self._at_once -= 1
                writer.write(_answer(texts, status, headers))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _answer(texts: list[str], status: int, headers: dict[str, str]) -> bytes:
    data = [{"index": number, "embedding": [len(text), 1]} for number, text in enumerate(texts)]
    body = orjson.dumps({"data": data, "usage": {"prompt_tokens": TOKENS_A_TEXT * len(texts)}})
    content = body if status == 200 else b'{"error": {"message": "slow down"}}'
    fields = {"content-length": str(len(content)), "content-type": "application/json", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content


@asynccontextmanager
async def serving_endpoint() -> AsyncIterator[EndpointServer]:
    """Serve on a free port of this machine."""
    endpoint = EndpointServer()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield endpoint
    finally:
        endpoint.go_on()
        server.close()
        await server.wait_closed()
