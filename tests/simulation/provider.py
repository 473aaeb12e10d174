"""The simulated provider, behind the executor's real adapter: it answers, keeps its own bill, and misbehaves by chance.

It stands where the network would: requests and responses are those of HTTP, so what executors make of them is real too.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import orjson

from tests.simulation.at_once import Calls, GoingOn
from tests.simulation.faults import NONE, Faults
from tests.simulation.images import shown_in, telling
from tests.simulation.loop import Life, current_life
from tests.simulation.order import takes_images
from tests.simulation.prompts import Marked, Prompts, words
from tests.simulation.refusals import Asked, Refusals
from tests.simulation.taste import judged, said_to, taste_of

_REFUSED_S = 0.01
_HELD_UP_S = 5.0
"""After a freeze, in which what had been let in before it may begin late, all at once."""
_PROMPT_TOKENS, _ANSWER_TOKENS = (10, 500), (5, 300)


@dataclass(slots=True)
class Billed:
    """One call that the provider wants money for.

    Attributes:
        host: of the account that was called.
        model: that was asked, by the provider's name.
        input_tokens: of the prompt.
        output_tokens: of the answer.
        cached_input_tokens: of the prompt, read from the cache.
        cache_write_input_tokens: of the prompt, written to the cache.
        told: whether the caller was given a response that says so.
    """

    host: str
    model: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    told: bool = False


class SimulatedProvider(httpx.AsyncBaseTransport):
    """Answers calls of all executors.

    Args:
        faults: how often it misbehaves.
        chance: when, how long it takes, and what it says.
        refusals: when it lets nobody in.
        called: told of each call when it begins.
        calls: how long they take, and how long their callers wait.

    Attributes:
        bill: by request id.
        prompts: what is in its cache.
        away: hosts of accounts that cannot be reached.
        calls: when calls began, by host, on the loop's clock; those excepted that a freeze may have held up.
        going_on: calls from their beginning to their end, likewise.
        call_timeout_s: for which callers wait.
        shown_in_vain: calls that showed images to a model that takes none, in words.
    """

    def __init__(
        self, faults: Faults, chance: Random, refusals: Refusals, called: Callable[[str], None], calls: Calls
    ) -> None:
        self.bill: dict[str, Billed] = {}
        self.prompts = Prompts()
        self.away: set[str] = set()
        self.calls: dict[str, list[float]] = {}
        self.going_on = GoingOn()
        self.call_timeout_s = calls.timeout_s
        self._take_s = (calls.from_s, calls.to_s)
        self.shown_in_vain: list[str] = []
        self._faults = faults
        self._chance = chance
        self._refusals = refusals
        self._called = called
        self._calls = 0
        self._marked: dict[str, Marked] = {}

    def heal(self) -> None:
        """Work without faults from now on."""
        self._faults = NONE
        self.away.clear()
        self._refusals.heal()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one call."""
        loop, life = asyncio.get_running_loop(), current_life()
        if _held_up(life, loop.time()):
            return await self._handle(request)
        with self.going_on.call(request.url.host, loop.time, self.call_timeout_s):
            return await self._handle(request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        loop, life = asyncio.get_running_loop(), current_life()
        self._calls += 1
        number = f"req-{self._calls}"
        self._called(number)
        self._note(request.url.host, loop.time())
        body = orjson.loads(request.content)
        asked = Asked(request.url.host, body["model"])
        if shown_in(body["messages"]) and not takes_images(body["model"]):
            self.shown_in_vain.append(f"{number} showed images to {body['model']}")
        marked = self.prompts.begun(life, number, request.url.host, body)
        if marked is not None:
            self._marked[number] = marked
        began_s = loop.time()
        self._refusals.begun(life, asked, began_s)
        refused = self._refusals.at(asked, began_s)
        about: Asked | None = None
        try:
            if refused is None:
                return await self._let_in(number, request)
            await asyncio.sleep(self._chance.uniform(*self._take_s))
            about, refusal = refused
            return _response(refusal.status, number, refusal.body)
        finally:
            self._refusals.told(life, asked, about, began_s, loop.time())
            self.prompts.ended(life, number, marked)

    async def _let_in(self, number: str, request: httpx.Request) -> httpx.Response:
        if request.url.host in self.away:
            await asyncio.sleep(_REFUSED_S)
            raise httpx.ConnectError("connection refused", request=request)
        faults, draw = self._faults, self._chance.random()
        for share, answer in (
            (faults.limited_calls, self._limited),
            (faults.failing_calls, self._failing),
            (faults.late_answers, self._late),
            (faults.garbled_answers, self._garbled),
            (faults.billed_failures, self._billed_failure),
            (faults.withheld_answers, self._withheld),
        ):
            if draw < share:
                return await answer(number, request)
            draw -= share
        return await self._answered(number, request)

    def _note(self, host: str, now_s: float) -> None:
        if not _held_up(current_life(), now_s):
            self.calls.setdefault(host, []).append(now_s)

    async def _answered(self, number: str, request: httpx.Request) -> httpx.Response:
        billed = self._charge(number, request)
        response = _response(200, number, _completion(number, request, billed))
        await self._take_time()
        self.prompts.answered(self._marked.get(number))
        billed.told = True
        return response

    async def _limited(self, number: str, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.01)
        wait = {"retry-after": str(self._chance.randint(1, 3))} if self._chance.random() < 0.5 else {}
        return _response(429, number, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, wait)

    async def _failing(self, number: str, request: httpx.Request) -> httpx.Response:
        await self._take_time()
        if self._chance.random() < 0.3:
            raise httpx.ConnectError("connection reset", request=request)
        return _response(self._chance.choice((500, 502, 503, 529)), number, {"error": {"message": "overloaded"}})

    async def _late(self, number: str, request: httpx.Request) -> httpx.Response:
        billed = self._charge(number, request)
        await asyncio.sleep(self.call_timeout_s * (1 + self._chance.random()))
        # Heard by a process alone that stood still until now.
        self.prompts.answered(self._marked.get(number))
        return _response(200, number, _completion(number, request, billed))

    async def _garbled(self, number: str, request: httpx.Request) -> httpx.Response:
        billed = self._charge(number, request)
        await self._take_time()
        self.prompts.answered(self._marked.get(number))
        body = _completion(number, request, billed)
        match self._chance.randrange(4):
            case 0:
                return httpx.Response(200, content=orjson.dumps(body)[:-20], headers={"x-request-id": number})
            case 1:
                return httpx.Response(200, content=b"", headers={"x-request-id": number})
            case 2:
                raise httpx.RemoteProtocolError("peer closed connection", request=request)
            case _:
                billed.told = True
                return _response(200, number, body | {"choices": []})

    async def _billed_failure(self, number: str, request: httpx.Request) -> httpx.Response:
        self._charge(number, request)
        await self._take_time()
        return _response(500, number, {"error": {"message": "failed after the answer"}})

    async def _withheld(self, number: str, request: httpx.Request) -> httpx.Response:
        billed = self._charge(number, request)
        body = _completion(number, request, billed)
        await self._take_time()
        self.prompts.answered(self._marked.get(number))
        billed.told = True
        declined = [{"message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}]
        return _response(200, number, body | {"choices": declined})

    def _charge(self, number: str, request: httpx.Request) -> Billed:
        asked = orjson.loads(request.content)
        model, limit = asked["model"], _limit_in(asked)
        given, made = self._chance.randint(*_PROMPT_TOKENS), min(self._chance.randint(*_ANSWER_TOKENS), limit)
        billed = self.bill[number] = Billed(request.url.host, model, given, made)
        if (marked := self._marked.get(number)) is not None:
            cached = given // 2
            billed.cached_input_tokens = cached if marked.is_kept else 0
            billed.cache_write_input_tokens = 0 if marked.is_kept else cached
        return billed

    async def _take_time(self) -> None:
        await asyncio.sleep(self._chance.uniform(*self._take_s))


def _held_up(life: Life | None, now_s: float) -> bool:
    return life is not None and life.thawed_s > 0 and now_s - life.thawed_s <= _HELD_UP_S


def _completion(number: str, request: httpx.Request, billed: Billed) -> dict[str, Any]:
    asked = orjson.loads(request.content)
    call = int(number.removeprefix("req-"))
    said = f"{number} says{taste_of(call)}: {words(asked['messages'][-1]['content'])[:40]}"
    text = judged(words(asked["messages"][-1]["content"])) or said_to(
        call, telling(said, shown_in(asked["messages"])), of_form="response_format" in asked
    )
    # Few answers would be as long as that by themselves.
    ended = "length" if billed.output_tokens == _limit_in(asked) else "stop"
    return {
        "id": number,
        "model": asked["model"],
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": ended}],
        "usage": {
            "prompt_tokens": billed.input_tokens,
            "completion_tokens": billed.output_tokens,
            "prompt_tokens_details": {
                "cached_tokens": billed.cached_input_tokens,
                "cache_write_tokens": billed.cache_write_input_tokens,
            },
        },
    }


def _limit_in(asked: dict[str, Any]) -> int:
    """Give the most tokens that an answer may have."""
    limit: int = asked.get("max_tokens") or asked["max_completion_tokens"]
    return limit


def _response(status: int, number: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, content=orjson.dumps(body), headers={"x-request-id": number, **(headers or {})})
