"""Liveness and readiness over HTTP: `/live` and `/ready` answer 200, or 503 with the reasons."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from aiohttp import web

from headchef.runtime.settings import BadSettings


class Vital(Protocol):
    """Something whose health is asked for. Both answer at once, from what is already known."""

    def live(self) -> str | None:
        """Say why only a restart would help, or None."""
        ...

    def ready(self) -> str | None:
        """Say why no work is done just now (no tasks yet, restoring, draining, no broker), or None."""
        ...


@asynccontextmanager
async def serve_health(vitals: Mapping[str, Vital], host: str, port: int) -> AsyncIterator[int]:
    """Answer on a port while the block runs.

    Args:
        vitals: by the names that the answers use; read at each request, as they come one by one while a process
            starts. Before the first it is live but not ready.
        host: address to listen on.
        port: 0 takes a free one.

    Yields:
        The port.

    Raises:
        BadSettings: the address cannot be listened on.
    """
    application = web.Application()
    application.router.add_get("/live", _answering(vitals, lambda vital: vital.live(), empty_is_ok=True))
    application.router.add_get("/ready", _answering(vitals, lambda vital: vital.ready(), empty_is_ok=False))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise BadSettings(
                "HEADCHEF_HEALTH_PORT", f"cannot listen on {host}:{port} ({error.strerror}); choose another, or 0"
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _answering(
    vitals: Mapping[str, Vital], ask: Callable[[Vital], str | None], *, empty_is_ok: bool
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        reasons = {name: reason for name, vital in vitals.items() if (reason := ask(vital)) is not None}
        if not vitals and not empty_is_ok:
            reasons = {"process": "starting"}
        status = {"status": "failing" if reasons else "ok", "reasons": reasons}
        return web.json_response(status, status=503 if reasons else 200)

    return answer
