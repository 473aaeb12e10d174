"""Observations of reused answers for tests, and a pool's owner with its stores."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from headchef_contracts.events.bounds import BoundSet, CacheObserved, Guess
from headchef_contracts.events.semantic import Asker
from headchef_contracts.registry import decode, encode

from headchef.accounts.budgets import Keeper
from headchef.accounts.handler import AccountsHandler
from headchef.accounts.pools.records import POOLS, PoolRecord, pool_key, read_pool_record
from headchef.bound import Neighbour, features
from headchef.pooled import pool_account
from headchef.runtime.processor import Emit, Outcome, Timer
from headchef.tenants import TenantsInForce
from tests.router.conftest import FakeState
from tests.support.builders import NOON, make_decided, make_delivery, make_firing
from tests.support.manual_clock import ManualClock

STORES = ("observed", "served", "pools")
"""In the order in which they are written: headchef/accounts/__main__.py."""

AGREED = features([Neighbour(0.95, "a")] * 8)
"""Of a question whose neighbours all have one answer."""


def fingerprint(name: str) -> str:
    """Give the fingerprint of a question."""
    return sha256(name.encode()).hexdigest()


def make_observed(kind: Any = "label", job_id: str = "job-1", **fields: Any) -> CacheObserved:
    """Give what was observed of the answer to the question `source`."""
    tenant, pool = fields.pop("tenant", "acme"), fields.pop("pool", "help")
    guess = {"features": AGREED, "wrong": 0.01, "bound": 0, "choice": "ask", "share": 1.0}
    thought = fields.pop("guess", {})
    known: dict[str, Any] = {
        "account": pool_account(tenant, pool, "hashed-1/512"),
        "tenant": tenant,
        "pool": pool,
        "embedder": "hashed-1/512",
        "kind": kind,
        "source": fingerprint(fields.pop("source", "where")),
        "asker": Asker(job_id=job_id, **{name: fields.pop(name) for name in ("run", "item") if name in fields}),
        "guess": None if thought is None else Guess(**guess | thought),
        "decided": make_decided(),
    }
    if kind == "label":
        known |= {"wrong": False, "judge": "text/1"}
    return CacheObserved(**(known | fields))


class Owner:
    """The handler with its stores.

    Attributes:
        said: bounds, in order.
        timers: by id.
    """

    def __init__(self) -> None:
        self.state = FakeState()
        self.clock = ManualClock(NOON)
        self.handler = AccountsHandler(clock=self.clock, keeper=Keeper(TenantsInForce("accounts")))
        self.said: list[BoundSet] = []
        self.timers: dict[str, Timer] = {}

    async def tell(self, event: CacheObserved, stores: Sequence[str] = STORES) -> Outcome:
        """Hand it an observation; of what it changes, only these stores are written."""
        assert decode(event.event_type, 1, encode(event)) == event
        return self._take(await self.handler.handle(make_delivery(event, topic="cache.observed"), self.state), stores)

    async def fire(self, timer: Timer) -> Outcome:
        """Let a timer go off."""
        self.clock.advance(max(0.0, (timer.due - self.clock.now()).total_seconds()))
        return self._take(await self.handler.handle(make_firing(timer), self.state), STORES)

    def pool(self, event: CacheObserved) -> PoolRecord:
        """Give what is stored of an observation's pool."""
        written = self.state.get(POOLS, pool_key(event.account))
        assert written is not None
        return read_pool_record(written)

    def _take(self, outcome: Outcome, stores: Sequence[str]) -> Outcome:
        order = [change.store for change in outcome.changes]
        assert order == sorted(order, key=STORES.index)
        self.state.apply(tuple(change for change in outcome.changes if change.store in stores))
        for output in outcome.outputs:
            assert isinstance(output, Emit)
            assert isinstance(output.event, BoundSet)
            assert output.topic == "cache.bounds"
            assert decode(output.event.event_type, 1, encode(output.event)) == output.event
            self.said.append(output.event)
        self.timers |= {timer.id: timer for timer in outcome.timers}
        return outcome
