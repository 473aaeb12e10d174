"""Decides by each reply whether a lane, or one of its models, is to stand still, and says so once.

An account without a valid key or money refuses every call, and a model that is gone every call that asks for it. A
provider that is away answers none. Calls made all the same would only burn the attempts of whatever waits.
"""

import logging
from collections.abc import Iterator

from headchef.executor.lane.breaker import Breaker, Why
from headchef.executor.provider import Answered, Reply

REFUSED_IN_A_ROW = 2
"""Without an answer in between. One alone may be for what it asks: gateways refuse prompts with these statuses too."""

FAILED_IN_A_ROW = 10
"""Likewise, of calls that got no answer: as good as never by chance, even where every third call fails."""

_FAILED = frozenset({"server_error", "timeout", "connection", "malformed_response"})

_AFTER_S = 0.25
"""So that it is not always the same step that finds out: its attempts would be burnt, or it be refused for itself."""

_log = logging.getLogger(__name__)


class Halts:
    """Watches the calls of one lane.

    Args:
        lane: by name.
    """

    def __init__(self, lane: str) -> None:
        self._lane = lane
        self._account = Breaker()
        self._models: dict[str, Breaker] = {}

    def wait_s(self, now_s: float) -> float | None:
        """Give the seconds until a step may begin: 0 for now, None where that depends on another one."""
        return self._account.wait_s(now_s)

    def begin(self, call: int) -> None:
        """Note that a step begins."""
        self._account.begin(call)

    def held_s(self, call: int, model: str, now_s: float) -> float:
        """Give the seconds for which a step is not to call a model, or 0: then it is about to."""
        if not self._account.lets(call):
            return self._account.pause_s(now_s) + _AFTER_S
        breaker = self._models.get(model)
        if breaker is None:
            return 0.0
        if breaker.wait_s(now_s) == 0:
            breaker.begin(call)
            return 0.0
        return breaker.pause_s(now_s) + _AFTER_S

    def still_s(self, model: str, now_s: float) -> float:
        """Give the seconds for which a step that has failed should leave it to others to find out; 0 if all is well."""
        breakers = (self._account, self._models.get(model))
        waits = [each.pause_s(now_s) + _AFTER_S for each in breakers if each is not None and each.why is not None]
        return max(waits, default=0.0)

    def heed(self, call: int, model: str, reply: Reply, now_s: float) -> None:
        """Note what came of a call. What is said of the model says that the account is well."""
        if isinstance(reply, Answered):
            self._well(call, model)
        elif reply.halts == "unknown_model":
            self._well(call, None)
            breaker = self._models.setdefault(model, Breaker())
            self._unwell(breaker, model, call, Why("unknown_model", reply.message), REFUSED_IN_A_ROW, now_s)
        elif reply.halts is not None:
            self._unwell(self._account, None, call, Why(reply.halts, reply.message), REFUSED_IN_A_ROW, now_s)
        elif reply.outcome in _FAILED:
            why = Why("provider_unavailable", reply.message)
            self._unwell(self._account, None, call, why, FAILED_IN_A_ROW, now_s)
        else:
            self._well(call, None if reply.outcome == "rate_limited" else model)

    def end(self, call: int, now_s: float) -> None:
        """Note that a step is over, whether it made a call or not."""
        for breaker in (self._account, *self._models.values()):
            breaker.end(call, now_s)

    def standing(self) -> Iterator[tuple[str | None, Why]]:
        """Give what stands still and why: the whole lane, as None, or models by name."""
        for model, breaker in ((None, self._account), *self._models.items()):
            if breaker.why is not None:
                yield model, breaker.why

    def _well(self, call: int, model: str | None) -> None:
        """Note that the account has let a call in, and where a model is named, that it is there."""
        if self._account.good(call):
            _log.info("%s goes on: calls are answered again", self._name(None))
        if model in self._models and self._models[model].good(call):
            _log.info("%s goes on: the model is there again", self._name(model))

    def _unwell(self, breaker: Breaker, model: str | None, call: int, why: Why, enough: int, now_s: float) -> None:
        if breaker.bad(call, why, enough, now_s):
            _log.error(
                "%s stands still, and goes on by itself once that is mended: %s: %s",
                self._name(model), why.reason, why.message,
            )  # fmt: skip

    def _name(self, model: str | None) -> str:
        return f"lane {self._lane}" if model is None else f"lane {self._lane}: model {model}"
