"""Observations of reused answers for tests, and a pool's owner with its stores."""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from headchef_contracts.events.bounds import BoundSet, CacheObserved, Guess
from headchef_contracts.events.common import Event
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded, JudgementPlanned, ModelQuestion
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

STORES = ("observed", "served", "judging", "pools")
"""In the order in which they are written: headchef/accounts/__main__.py."""

AGREED = features([Neighbour(0.95, "a")] * 8)
"""Of a question whose neighbours all have one answer."""


def fingerprint(name: str) -> str:
    """Give the fingerprint of a question."""
    return sha256(name.encode()).hexdigest()


HOME = 3
"""The partition of the pool's task."""


def make_asked(job_id: str = "job-1", **fields: Any) -> JudgementAsked:
    """Give what a cache wants a model to say of the answer to the question `source`."""
    label = make_observed(job_id=job_id, **fields)
    shared = ("account", "tenant", "pool", "embedder", "source", "asker", "mode", "guess")
    about = {name: getattr(label, name) for name in shared}
    question = ModelQuestion(system="Compare.", prompt="Both.", tier="cheap", max_output_tokens=300)
    return JudgementAsked(**about, judge="model/1", question=question, decided=make_decided())


def make_ended(planned: JudgementPlanned, *, same: bool | None = True, **fields: Any) -> JudgementEnded:
    """Give what a model has said."""
    known: dict[str, Any] = {
        "account": planned.account,
        "job_id": planned.job_id,
        "same": same,
        "why": "both say so",
        "model": "small",
        "cost_usd": Decimal("0.002"),
        "decided": make_decided(),
    }
    return JudgementEnded(**(known | fields))


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
        planned: what models are to be asked, in order.
        labels: what they have said, likewise, as observations that come back.
        timers: by id.
    """

    def __init__(self) -> None:
        self.state = FakeState()
        self.clock = ManualClock(NOON)
        self.handler = AccountsHandler(clock=self.clock, keeper=Keeper(TenantsInForce("accounts")))
        self.said: list[BoundSet] = []
        self.planned: list[JudgementPlanned] = []
        self.labels: list[CacheObserved] = []
        self.timers: dict[str, Timer] = {}

    async def tell(self, event: Event, stores: Sequence[str] = STORES) -> Outcome:
        """Hand it an observation; of what it changes, only these stores are written."""
        assert decode(event.event_type, 1, encode(event)) == event
        delivery = make_delivery(event, topic="cache.observed", partition=HOME)
        return self._take(await self.handler.handle(delivery, self.state), stores)

    async def fire(self, timer: Timer) -> Outcome:
        """Let a timer go off."""
        self.clock.advance(max(0.0, (timer.due - self.clock.now()).total_seconds()))
        return self._take(await self.handler.handle(make_firing(timer, HOME), self.state), STORES)

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
            assert decode(output.event.event_type, 1, encode(output.event)) == output.event
            match output.event:
                case BoundSet() as bound:
                    assert output.topic == "cache.bounds"
                    self.said.append(bound)
                case JudgementPlanned() as planned:
                    assert output.topic == "judgements.planned"
                    self.planned.append(planned)
                case label:
                    assert isinstance(label, CacheObserved)
                    assert (output.topic, output.partition) == ("cache.observed", HOME)
                    self.labels.append(label)
        self.timers |= {timer.id: timer for timer in outcome.timers}
        self.timers = {id_: timer for id_, timer in self.timers.items() if id_ not in outcome.cleared}
        return outcome
