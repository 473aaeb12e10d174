"""Embeds at an endpoint within its quota: texts that come while a request has to wait share the next one."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from math import inf
from typing import Protocol

from headchef.embedding.errors import EmbeddingFailed
from headchef.embedding.lane import SOON_S, EmbeddingLane
from headchef.embedding.port import Embedder, Vector
from headchef.pieces import pieces_of
from headchef.runtime.admission import Sharing
from headchef.runtime.clock import Clock
from headchef.runtime.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Made:
    """What one request has come to.

    Attributes:
        vectors: one for each text, in order.
        tokens: of the texts, as the endpoint has counted them; None where it does not say.
    """

    vectors: Sequence[Vector]
    tokens: int | None


class Endpoint(Protocol):
    """Turns texts into vectors with one request."""

    @property
    def name(self) -> str:
        """As an embedder's."""
        ...

    @property
    def dimensions(self) -> int:
        """As an embedder's."""
        ...

    async def ask(self, texts: Sequence[str]) -> Made:
        """Make one request, once. Raises EmbeddingFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Gathering:
    """How texts are gathered.

    Attributes:
        batch: texts in one request, at least 1.
        wait_s: seconds that a text may wait for its request to begin, from 0.
        price_usd: of a million tokens; None where not known.
    """

    batch: int
    wait_s: float
    price_usd: Decimal | None = None


@dataclass(eq=False, slots=True)
class _Asked:
    text: str
    pieces: int
    until_s: float
    vector: "asyncio.Future[Vector]"
    askers: int = 0


class GatheredEmbedder(Embedder, Sharing):
    """Makes requests as the lane allows, and fails at once for texts that it will not allow in time.

    A text that is asked for several times meanwhile is sent once. What nobody waits for any more is not sent.

    Args:
        endpoint: makes vectors.
        lane: keeps the quota.
        gathering: how texts are gathered.
        clock: for waiting.
        metrics: counts requests, tokens and what they cost.
    """

    def __init__(
        self, endpoint: Endpoint, lane: EmbeddingLane, gathering: Gathering, clock: Clock, metrics: Metrics
    ) -> None:
        self._endpoint = endpoint
        self._lane = lane
        self._gathering = gathering
        self._clock = clock
        self._metrics = metrics
        self._tasks: set[int] = set()
        self._count: Callable[[], int] = int
        self._of = 0
        self._line: dict[str, _Asked] = {}
        self._sent: dict[str, _Asked] = {}
        self._calls: set[asyncio.Task[Made]] = set()
        self._cancel_alarm: Callable[[], object] = lambda: None

    @property
    def name(self) -> str:
        """The endpoint's."""
        return self._endpoint.name

    @property
    def dimensions(self) -> int:
        """The endpoint's."""
        return self._endpoint.dimensions

    def begun(self, task: int, of: Callable[[], int]) -> None:
        """Own a task's part of the quota too."""
        self._tasks.add(task)
        self._count = of
        self._own()
        if not self._lane.places:
            _log.warning(
                "No request for vectors may begin here: those that are allowed at once are fewer than the %d tasks"
                " that share them, and belong to others. Allow as many as there are tasks, or set no such limit.",
                self._of,
            )
        self._next()

    def ended(self, task: int) -> None:
        """Own it no longer."""
        self._tasks.discard(task)
        self._own()

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Turn texts into vectors, in as few requests as the quota and their size allow.

        Raises:
            EmbeddingFailed: for some of them; it has the vectors of the others.
        """
        if not texts:
            return []
        asked = [self._ask(text) for text in dict.fromkeys(texts)]
        self._next()
        try:
            await asyncio.wait([each.vector for each in asked])
        finally:
            self._leave(asked)
        failed = [error for each in asked if (error := each.vector.exception()) is not None]
        made = {each.text: each.vector.result() for each in asked if each.vector.exception() is None}
        if failed:
            raise _worst(failed, made)
        return [made[text] for text in texts]

    async def close(self) -> None:
        """Give up what is under way."""
        self._cancel_alarm()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _ask(self, text: str) -> _Asked:
        asked = self._sent.get(text) or self._line.get(text)
        if asked is None:
            until_s = self._clock.monotonic() + self._gathering.wait_s
            vector = asyncio.get_running_loop().create_future()
            asked = self._line[text] = _Asked(text, pieces_of(text), until_s, vector)
        asked.askers += 1
        return asked

    def _leave(self, asked: Sequence[_Asked]) -> None:
        for each in asked:
            each.askers -= 1
            if not each.askers and self._line.get(each.text) is each:
                del self._line[each.text]

    def _own(self) -> None:
        self._of = max(1, self._count())
        self._lane.own(self._tasks, self._of, self._clock.monotonic())

    def _next(self) -> None:
        """Begin the requests that may begin, give up what will not get its turn in time, and see when to look again."""
        self._cancel_alarm()
        if self._of != self._count() and self._tasks:
            self._own()
        while self._line:
            now_s = self._clock.monotonic()
            first = next(iter(self._line.values()))
            left_s = first.until_s - now_s
            wait_s = self._lane.wait_s(self._lane.tokens_of(first.pieces), now_s)
            if wait_s == 0:
                self._begin(now_s)
            elif left_s <= 0 or (wait_s is not None and wait_s > left_s):
                self._give_up(first, now_s)
            else:
                look_s = left_s if wait_s is None else wait_s
                if look_s < inf:
                    self._cancel_alarm = self._clock.call_later(look_s + SOON_S, self._next)
                return

    def _begin(self, now_s: float) -> None:
        chosen: list[_Asked] = []
        held, most = 0.0, self._lane.tokens_at_hand(now_s)
        for each in self._line.values():
            tokens = self._lane.tokens_of(each.pieces)
            if chosen and (len(chosen) == self._gathering.batch or held + tokens > most):
                break
            chosen.append(each)
            held += tokens
        for each in chosen:
            self._sent[each.text] = self._line.pop(each.text)
        self._lane.take(held, now_s)
        call = asyncio.ensure_future(self._endpoint.ask([each.text for each in chosen]))
        self._calls.add(call)
        call.add_done_callback(partial(self._ended, chosen, held))

    def _ended(self, chosen: Sequence[_Asked], held: float, call: "asyncio.Task[Made]") -> None:
        now_s = self._clock.monotonic()
        self._calls.discard(call)
        self._lane.end()
        for each in chosen:
            del self._sent[each.text]
        if call.cancelled():
            for each in chosen:
                each.vector.cancel()
            return
        failed = call.exception()
        if failed is None:
            self._answered(chosen, held, call.result(), now_s)
        elif isinstance(failed, EmbeddingFailed):
            self._failed(chosen, failed, now_s)
        else:
            for each in chosen:
                _fail(each, failed)
        self._next()

    def _answered(self, chosen: Sequence[_Asked], held: float, made: Made, now_s: float) -> None:
        self._lane.answered(sum(each.pieces for each in chosen), held, made.tokens, now_s)
        self._metrics.count("headchef.embedding.requests", 1, {"outcome": "ok"})
        if made.tokens:
            self._metrics.count("headchef.embedding.tokens", made.tokens)
            if self._gathering.price_usd is not None:
                cost_usd = float(made.tokens * self._gathering.price_usd / _MILLION)
                self._metrics.count("headchef.embedding.cost", cost_usd)
        for each, vector in zip(chosen, made.vectors, strict=True):
            each.vector.set_result(vector)

    def _failed(self, chosen: Sequence[_Asked], failed: EmbeddingFailed, now_s: float) -> None:
        self._metrics.count("headchef.embedding.requests", 1, {"outcome": failed.reason})
        if failed.reason == "rate_limited" or failed.retry_after_s is not None:
            self._lane.refused(failed.retry_after_s, now_s)
        if failed.reason == "rate_limited":
            # Whatever can still wait so long is asked for again, before all others.
            self._line = {each.text: each for each in chosen if each.askers} | self._line
            return
        for each in chosen:
            _fail(each, failed)

    def _give_up(self, asked: _Asked, now_s: float) -> None:
        del self._line[asked.text]
        if self._lane.paused(now_s):
            _fail(asked, EmbeddingFailed("rate_limited", f"the endpoint of {self.name} has asked to wait"))
        else:
            _fail(asked, EmbeddingFailed("quota", f"the quota of {self.name} leaves no room for more texts just now"))


def _fail(asked: _Asked, failed: BaseException) -> None:
    asked.vector.set_exception(failed)
    # Whoever has left does not take it, and nobody is to be warned of that.
    asked.vector.exception()


def _worst(failed: Sequence[BaseException], made: Mapping[str, Vector]) -> BaseException:
    """Choose what is told: an endpoint that is away rather than a quota that is used up."""
    telling = next((each for each in failed if not (isinstance(each, EmbeddingFailed) and each.withheld)), failed[0])
    return telling.having(made) if isinstance(telling, EmbeddingFailed) else telling
