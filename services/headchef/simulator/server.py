"""The provider simulator's HTTP server: a path for each dialect, `/v1/models`, and `/bill` for tests and benchmarks."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import orjson
from aiohttp import web

from headchef.runtime.clock import Clock, SystemClock
from headchef.simulator.bill import Bill, Tokens
from headchef.simulator.dialects import DIALECTS, Asked, Dialect, Refusal, Refused, Sent
from headchef.simulator.dialects.openai import OpenAI
from headchef.simulator.model import Draw, Model, tokens_of
from headchef.simulator.policy import TransportFault
from headchef.simulator.prompt_cache import Found, PromptCache
from headchef.simulator.quota import Account
from headchef.simulator.settings import Settings

_JSON = "application/json"
_REFUSALS: Mapping[TransportFault, tuple[Refusal, str]] = {
    "rate_limited": ("rate_limited", "Rate limit reached for requests. [simulated]"),
    "server_error": ("server_error", "The server had an error while processing your request. [simulated]"),
    "unavailable": ("unavailable", "The engine is currently overloaded, please try again later. [simulated]"),
    "billing": ("billing", "You exceeded your current quota, please check your plan and billing details. [simulated]"),
}
"""What is said to a call that a fault keeps from being answered; the others are answered, and billed."""

_OUTCOMES: Mapping[Refusal, str] = {"unknown_model": "bad_request", "too_long": "bad_request"}
"""How the bill names a refusal that goes by another name there."""


class Simulator:
    """A provider that speaks all dialects; listens while it is entered.

    Args:
        settings: address, chance, faults, prices.
        clock: latency is slept on it, and the quota counted by it.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.bill = Bill(settings)
        self._settings = settings
        self._clock = clock or SystemClock()
        self._model = Model(settings)
        self._account = Account(settings.quota, self._clock.monotonic())
        self._prompts = PromptCache(settings.caching)
        self._runner: web.AppRunner | None = None
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else None

    async def __aenter__(self) -> Self:
        """Start to listen. Raises OSError if the port is taken."""
        app = web.Application(client_max_size=self._settings.max_body_bytes)
        for dialect in DIALECTS:
            app.router.add_post(dialect.path, self._answering(dialect))
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

    def _answering(self, dialect: Dialect) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            if self._key is not None and not secrets.compare_digest(dialect.key(request.headers).encode(), self._key):
                return self._refuse(dialect, Refused("unauthorised", "Incorrect API key provided."), "unauthorised")
            raw = await request.read()
            draw = self._model.draw(raw)
            try:
                asked = dialect.read(raw, request.match_info.get("model"))
                tokens = tokens_of(raw, asked)
                with self._account.admitted(tokens, asked.limit or 0, self._clock) as admission:
                    owner = f"{dialect.path} {dialect.key(request.headers)} {asked.model}"
                    found = self._prompts.look(owner, asked.reading, self._clock.monotonic())
                    if draw.fate.latency_s:
                        await self._clock.sleep(draw.fate.latency_s)
                    sent, admission.used = self._complete(dialect, asked, tokens, draw, found)
            except Refused as refused:
                return self._refuse(dialect, refused, draw.request_id)
            if draw.fate.transport == "reset":
                return await self._break_off(request, sent.body)
            return self._response(dialect, sent)

        return answer

    def _complete(self, dialect: Dialect, asked: Asked, tokens: int, draw: Draw, found: Found) -> tuple[Sent, Tokens]:
        fault = draw.fate.transport
        if fault is not None and fault in _REFUSALS:
            kind, message = _REFUSALS[fault]
            raise Refused(kind, message, wait_s=self._settings.retry_after_s if kind == "rate_limited" else 0)
        answer, outcome = self._model.answer(asked, tokens, draw, found)
        self._prompts.keep(found, self._clock.monotonic())
        sent = dialect.answer(answer)
        self.bill.add(draw.request_id, fault or outcome, sent.status, answer.tokens)
        if fault == "malformed":
            sent = Sent(sent.status, sent.body[: len(sent.body) // 2], sent.headers)
        return sent, answer.tokens

    def _refuse(self, dialect: Dialect, refused: Refused, request_id: str) -> web.Response:
        sent = dialect.refuse(refused, request_id)
        self.bill.add(request_id, _OUTCOMES.get(refused.kind, refused.kind), sent.status, None)
        return self._response(dialect, sent)

    def _response(self, dialect: Dialect, sent: Sent) -> web.Response:
        quota = dialect.quota(self._account.standings(self._clock.monotonic()), self._clock.now())
        return web.Response(status=sent.status, body=sent.body, content_type=_JSON, headers={**sent.headers, **quota})

    async def _break_off(self, request: web.Request, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _list_models(self, _: web.Request) -> web.Response:
        return web.Response(body=OpenAI().models(self._settings.models), content_type=_JSON)

    async def _show_bill(self, request: web.Request) -> web.Response:
        summary = self.bill.summary(with_entries="entries" in request.query)
        return web.Response(body=orjson.dumps(summary), content_type=_JSON)

    async def _clear_bill(self, _: web.Request) -> web.Response:
        self.bill.clear()
        return web.Response(status=204)
