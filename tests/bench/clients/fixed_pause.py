"""The client of OpenAI's cookbook: buckets of its own for calls and tokens, and 15 s of silence after each refusal.

It does what `examples/api_request_parallel_processor.py` of github.com/openai/openai-cookbook does, as that stood in
November 2026, with one thing put right: that script knows a refusal by the code `429` in the body, where OpenAI says
`rate_limit_exceeded`, and so would never pause.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

import orjson

from headchef.runtime.clock import Clock
from headchef.simulator.dialects.reading import BYTES_PER_TOKEN
from headchef.simulator.quota import Bucket
from tests.bench.clients.account import Ask

PAUSE_S = 15.0
_ATTEMPTS = 5
_LOOK_S = 0.001


@dataclass(slots=True)
class _Request:
    body: bytes
    tokens: int
    attempts_left: int = _ATTEMPTS


class FixedPause:
    """Makes calls as fast as its buckets allow, tries what failed again first, and gives it up after five attempts.

    Its buckets are full at the beginning and hold a minute's quota. What it took for a call is not given back when the
    answer comes out shorter, and no header of the provider is read.

    Args:
        ask: makes a call.
        clock: for buckets and pauses.
        requests_per_minute: of the account; None for no limit.
        tokens_per_minute: likewise, in and out together.

    Attributes:
        bill: what came of its calls, by the names of `bill_of`.
        given_up: calls that failed five times, and are lost.
    """

    def __init__(
        self, ask: Ask, clock: Clock, *, requests_per_minute: int | None = None, tokens_per_minute: int | None = None
    ) -> None:
        self.bill: Counter[str] = Counter()
        self.given_up = 0
        self._ask, self._clock = ask, clock
        self._requests, self._tokens = map(self._bucket, (requests_per_minute, tokens_per_minute))
        self._again: deque[_Request] = deque()
        self._under_way = 0
        self._refused_s = -inf

    async def run(self, bodies: Iterable[bytes]) -> None:
        """Make all calls, and wait for what comes of them.

        Args:
            bodies: of chat completions; read one by one.
        """
        upcoming = iter(bodies)
        waiting: _Request | None = None
        async with asyncio.TaskGroup() as calls:
            while True:
                waiting = waiting or self._next(upcoming)
                if waiting is None and not self._under_way:
                    return
                if waiting is not None and self._takes(waiting):
                    waiting.attempts_left -= 1
                    self._under_way += 1
                    calls.create_task(self._call(waiting))
                    waiting = None
                await self._clock.sleep(_LOOK_S)
                pause_s = self._refused_s + PAUSE_S - self._clock.monotonic()
                if pause_s > 0:
                    await self._clock.sleep(pause_s)

    def _bucket(self, a_minute: int | None) -> Bucket | None:
        return None if a_minute is None else Bucket(a_minute, a_minute, self._clock.monotonic())

    def _next(self, upcoming: Iterator[bytes]) -> _Request | None:
        if self._again:
            return self._again.popleft()
        body = next(upcoming, None)
        return None if body is None else _Request(body, estimate(body))

    def _takes(self, request: _Request) -> bool:
        now_s, wanted = self._clock.monotonic(), ((self._requests, 1), (self._tokens, request.tokens))
        amounts = [(bucket, amount) for bucket, amount in wanted if bucket is not None]
        if any(bucket.left(now_s) < amount for bucket, amount in amounts):
            return False
        for bucket, amount in amounts:
            bucket.take(amount, now_s)
        return True

    async def _call(self, request: _Request) -> None:
        reply = await self._ask(request.body)
        self._under_way -= 1
        self.bill.update(reply.bill)
        if reply.status == 429:
            self._refused_s = self._clock.monotonic()
        if reply.status == 200:
            return
        if request.attempts_left:
            self._again.append(request)
        else:
            self.given_up += 1


def estimate(body: bytes) -> int:
    """Count the tokens of a chat completion as the script does: 4 a message, its role and text, 2, and the limit.

    Its tokenizer is the simulator's: a token for four bytes. It looks for the limit in `max_tokens` alone; here the
    newer name is read as well. What it does not count, such as schemas, is not counted.
    """
    request: dict[str, Any] = orjson.loads(body)
    said = [value for message in request["messages"] for value in message.values()]
    limit: int = request.get("max_completion_tokens", request.get("max_tokens", 15))
    return 4 * len(request["messages"]) + sum(map(_tokens_of, said)) + 2 + limit


def _tokens_of(text: str) -> int:
    return ceil(len(text.encode()) / BYTES_PER_TOKEN)
