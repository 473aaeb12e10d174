"""A router of its own for each test, with a catalogue of two models and a state that is a dictionary."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from headchef import equality
from headchef.bodies import Bodies, BodiesAtHand, WithBodies, WithBodiesAtHand
from headchef.brakes import Brakes
from headchef.catalogue import Catalogue, InForce, Lane, Model, Prices, Provider
from headchef.checks import installed
from headchef.homes import HOMES
from headchef.router.handler import RouterHandler
from headchef.router.leading import Leader, Memory, Remains, Shelf
from headchef.router.overload import OverloadPolicy, OverloadState
from headchef.router.purses import Till
from headchef.router.submission import Limits
from headchef.runtime.backlog import Backlog
from headchef.runtime.processor import Change, Delivery, Handler, Outcome
from headchef.schema import SchemaCache
from headchef.template import Renderer
from headchef.tenants import TenantsInForce
from headchef.workflow.library import Library
from headchef.workflow.progress import Judge
from tests.support.builders import make_delivery
from tests.support.manual_clock import ManualClock
from tests.support.recorded_metrics import RecordedMetrics

SILENCE, KEEP, KEPT_JOBS = timedelta(days=8), timedelta(days=7), 3
PATIENCE = timedelta(hours=1)


def make_catalogue(
    models: Mapping[str, str] = MappingProxyType({"small": "default", "large": "premium"}),
    fallback: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    tiers: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    prices: Prices | None = None,
) -> Catalogue:
    """Give a catalogue with these models and their lanes, and tiers; the first model is the default.

    `fallback` names stand-ins.
    """
    provider = Provider("sim", "openai", "http://localhost", None, None, "max_tokens", 1)
    lanes = {lane: Lane(lane, provider) for lane in models.values()}
    known = {
        name: Model(name, lane, "sim", name, None, "json_schema", prices, fallback=fallback.get(name, ()))
        for name, lane in models.items()
    }
    return Catalogue(Path("test.yaml"), "cafe", next(iter(models)), known, lanes, tiers)


class FakeState:
    """The task's stores, as the runtime keeps them."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, bytes], bytes] = {}
        self.edition = object()

    def get(self, store: str, key: bytes) -> bytes | None:
        return self.values.get((store, key))

    def apply(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.value is None:
                del self.values[change.store, change.key]
            else:
                self.values[change.store, change.key] = change.value


class Door:
    """A router and its state: what comes in is handled and remembered."""

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        limits: Limits | None = None,
        library: Library | None = None,
        bodies: Bodies | None = None,
        clock: ManualClock | None = None,
    ) -> None:
        self.state = FakeState()
        self.metrics = RecordedMetrics()
        self.clock = clock or ManualClock()
        self.backlog = Backlog()
        first = catalogue or make_catalogue()
        self.in_force = InForce(first, "router", self._adopt, self.metrics)
        self.library = library or Library(installed())
        self.leader_memory = Memory(1_000)
        self.brakes = Brakes()
        self.tenants = TenantsInForce("router")
        renderer, schemas = Renderer(max_templates=8, max_work=400_000), SchemaCache(8)
        at_hand = BodiesAtHand(None if bodies is None else bodies.inline_bytes)
        self.handler = RouterHandler(
            clock=self.clock,
            metrics=self.metrics,
            renderer=renderer,
            schemas=schemas,
            checks=installed(),
            judges=equality.installed(),
            limits=limits or Limits(max_job_bytes=100_000, max_header_bytes=4_000),
            max_prompt_bytes=50_000,
            backlog=self.backlog,
            overload=OverloadState(OverloadPolicy(0.75, 0.5), "router"),
            leader=Leader(
                shelf=Shelf(self.library),
                renderer=renderer,
                judge=Judge(schemas, installed()),
                memory=self.leader_memory,
                metrics=self.metrics,
                remains=Remains(renderer, Judge(schemas, installed()), KEEP, max_jobs=KEPT_JOBS, max_bytes=10_000),
                silence=SILENCE,
                homes=HOMES,
                at_hand=at_hand,
                brakes=self.brakes,
            ),
            at_hand=at_hand,
            till=Till(self.tenants, HOMES, PATIENCE, at_hand),
            tenants=self.tenants,
            homes=HOMES,
            catalogue=first,
        )
        self._served: Handler = self.handler
        if bodies is not None:
            self._served = WithBodies(WithBodiesAtHand(self.handler, at_hand, bodies), bodies)

    async def _adopt(self, catalogue: Catalogue) -> None:
        self.handler.catalogue = catalogue

    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await self._served.handle(delivery, self.state)
        self.state.apply(outcome.changes)
        return outcome

    async def submit(self, value: bytes | Mapping[str, Any] | None, **record: Any) -> Outcome:
        return await self.deliver(make_delivery(value=value, **record))


@pytest.fixture
def door() -> Door:
    return Door()
