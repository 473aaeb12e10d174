"""A server that speaks as much of S3 as a store of objects needs: put one, get one, and say that there is none."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import md5

from aiohttp import web

_MISSING = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>none</Message></Error>'


class S3Server:
    """Objects by path.

    Attributes:
        objects: what lies there, by `/bucket/key`.
        stalls: while set, no request is answered.
        refuses: while set, every request is, for want of leave.
        environment: for clients.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.stalls = self.refuses = False
        self.environment: Mapping[str, str] = {}

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        if self.stalls:
            await asyncio.Event().wait()
        if self.refuses:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        assert "AWS4-HMAC-SHA256" in request.headers["Authorization"]
        if request.method == "PUT":
            self.objects[request.path] = await request.read()
            return web.Response(headers={"ETag": f'"{md5(self.objects[request.path]).hexdigest()}"'})
        if (found := self.objects.get(request.path)) is None:
            return web.Response(status=404, text=_MISSING, content_type="application/xml")
        headers = {"ETag": f'"{md5(found).hexdigest()}"', "Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT"}
        return web.Response(body=found, headers=headers)


@asynccontextmanager
async def s3_server() -> AsyncIterator[S3Server]:
    """Serve while the context is entered."""
    server = S3Server()
    app = web.Application(client_max_size=2**27)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        server.environment = {
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_REGION": "eu-central-1",
        }
        yield server
    finally:
        await runner.cleanup()
