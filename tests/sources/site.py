"""A web site that says, byte for byte, what a test wants it to say, on two addresses of this machine."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.support.ports import free_ports

Handler = Callable[[asyncio.StreamWriter], Awaitable[None]]

HOME, ELSEWHERE = "127.0.0.1", "127.0.0.2"
"""Tests take the second one for a public address: nothing else tells them apart."""


def answer(body: bytes | str = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Write an answer; `content_type` stands for `Content-Type`."""
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {"Content-Length": str(len(content)), "Connection": "close", **named}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


def moved(target: str, status: int = 302) -> bytes:
    """Write a redirect."""
    return answer(status=f"{status} Moved", location=target)


class Site:
    """Answers requests by their paths; each answer is used once, the last one again and again.

    Args:
        port: on both addresses.

    Attributes:
        asked: the requests, in order: the address that was asked, and the head.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[tuple[str, str]] = []
        self._answers: dict[str, list[bytes | Handler]] = {}

    def at(self, path: str, *answers: bytes | Handler) -> str:
        """Put answers at a path, and give its address on `HOME`."""
        self._answers[path] = list(answers)
        return f"http://{HOME}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [head.split(" ")[1] for _, head in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append((writer.get_extra_info("sockname")[0], head))
            answers = self._answers[head.split(" ")[1].partition("?")[0]]
            found = answers[0] if len(answers) == 1 else answers.pop(0)
            if isinstance(found, bytes):
                writer.write(found)
                await writer.drain()
            else:
                await found(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            # Whoever asked has heard enough.
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """Serve a site."""
    [port] = free_ports(1)
    site = Site(port)
    async with AsyncExitStack() as stack:
        for host in (HOME, ELSEWHERE):
            await stack.enter_async_context(await asyncio.start_server(site.serve, host, port, ssl=tls))
        yield site
