"""The provider simulator's HTTP server: `/v1/chat/completions`, `/v1/models`, and `/bill` for tests and benchmarks."""

import secrets
from math import ceil
from typing import Self

import orjson
from aiohttp import web

from headchef.runtime.clock import Clock, SystemClock
from headchef.simulator.bill import Bill
from headchef.simulator.dialect import BadRequest, error_body, models_body
from headchef.simulator.model import Draw, Model, billed
from headchef.simulator.policy import TransportFault
from headchef.simulator.settings import Settings

_JSON = "application/json"


class Simulator:
    """A provider that speaks OpenAI's dialect; listens while it is entered.

    Args:
        settings: address, chance, faults, prices.
        clock: latency is slept on it.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.bill = Bill(settings)
        self._settings = settings
        self._clock = clock or SystemClock()
        self._model = Model(settings)
        self._runner: web.AppRunner | None = None
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else None

    async def __aenter__(self) -> Self:
        """Start to listen. Raises OSError if the port is taken."""
        app = web.Application(client_max_size=self._settings.max_body_bytes)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_get("/bill", self._show_bill)
        app.router.add_delete("/bill", self._clear_bill)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def address(self) -> str:
        """Give the server's address, without a path."""
        if self._runner is None:
            raise RuntimeError("the simulator is not running: enter it first")
        host, port = self._runner.addresses[0][:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def base_url(self) -> str:
        """Give the address before `/chat/completions`, as a catalogue has it."""
        return f"{self.address}/v1"

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if self._key is not None and not self._authorised(request):
            self.bill.add("unauthorised", "unauthorised", 401, None)
            message = "Incorrect API key provided."
            return _answer(401, error_body(message, "invalid_request_error", "invalid_api_key"), "unauthorised")
        raw = await request.read()
        draw = self._model.draw(raw)
        if draw.fate.latency_s:
            await self._clock.sleep(draw.fate.latency_s)
        fault = draw.fate.transport
        if fault is not None and not billed(fault):
            return self._refuse(fault, draw)
        try:
            done = self._model.complete(raw, draw)
        except BadRequest as refused:
            self.bill.add(draw.request_id, "bad_request", refused.status, None)
            return _answer(refused.status, refused.body, draw.request_id)
        self.bill.add(draw.request_id, fault or done.outcome, 200, done.tokens)
        if fault == "reset":
            return await self._break_off(request, done.body)
        if fault == "malformed":
            return _answer(200, done.body[: len(done.body) // 2], draw.request_id)
        return _answer(200, done.body, draw.request_id)

    def _authorised(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), self._key or b"")

    def _refuse(self, fault: TransportFault, draw: Draw) -> web.Response:
        if fault == "rate_limited":
            response = self._rate_limited(draw.request_id)
        elif fault == "server_error":
            message = "The server had an error while processing your request. [simulated]"
            response = _answer(500, error_body(message, "server_error"), draw.request_id)
        else:
            message = "The engine is currently overloaded, please try again later. [simulated]"
            response = _answer(503, error_body(message, "service_unavailable"), draw.request_id)
        self.bill.add(draw.request_id, fault, response.status, None)
        return response

    def _rate_limited(self, request_id: str) -> web.Response:
        wait_s = self._settings.retry_after_s
        message = f"Rate limit reached for requests. Please try again in {wait_s:g}s. [simulated]"
        response = _answer(429, error_body(message, "requests", "rate_limit_exceeded"), request_id)
        if wait_s:
            response.headers["Retry-After"] = str(ceil(wait_s))
            response.headers["Retry-After-Ms"] = str(round(wait_s * 1000))
        return response

    async def _break_off(self, request: web.Request, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _list_models(self, _: web.Request) -> web.Response:
        return web.Response(body=models_body(self._settings.models), content_type=_JSON)

    async def _show_bill(self, request: web.Request) -> web.Response:
        summary = self.bill.summary(with_entries="entries" in request.query)
        return web.Response(body=orjson.dumps(summary), content_type=_JSON)

    async def _clear_bill(self, _: web.Request) -> web.Response:
        self.bill.clear()
        return web.Response(status=204)


def _answer(status: int, body: bytes, request_id: str) -> web.Response:
    return web.Response(status=status, body=body, content_type=_JSON, headers={"x-request-id": request_id})
