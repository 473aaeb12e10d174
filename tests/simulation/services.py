"""The four services as simulated processes run them: put together from their own parts, on simulated ports."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from headchef import catalogue
from headchef.cache.__main__ import processor as cache_processor
from headchef.cache.circuit import CircuitPolicy
from headchef.cache.guarded import GuardedStore
from headchef.cache.handler import CacheHandler
from headchef.cache.policy import CachePolicy
from headchef.executor.__main__ import processor as executor_processor
from headchef.executor.handler import ExecutorHandler
from headchef.executor.openai import OpenAIProvider
from headchef.executor.policy import RetryPolicy
from headchef.executor.settings import Settings
from headchef.router.__main__ import processor as router_processor
from headchef.router.settings import RouterSettings
from headchef.runtime.processor import Processor
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings
from headchef.validator.__main__ import processor as validator_processor
from headchef.validator.settings import ValidatorSettings
from tests.simulation.provider import CALL_TIMEOUT_S, SimulatedProvider
from tests.simulation.store import SharedStore, StoreConnection

LANE = "default"
CATALOGUE = catalogue.load(catalogue.DEFAULT_PATH)

# Read once: a world starts ten processes or more, and the environment is the same for all.
_ROUTER, _VALIDATOR = load(RouterSettings), load(ValidatorSettings)
_EXECUTOR = Settings(lane=LANE, concurrency=8, call_timeout_s=CALL_TIMEOUT_S)
_BATCH = 256
_RETRY = RetryPolicy(window_s=15.0)
_ENDPOINT = catalogue.Endpoint("http://provider.test/v1", None)


@dataclass(frozen=True, slots=True)
class Outside:
    """What the services' ports lead to.

    Attributes:
        provider: what executors call.
        store: where caches keep answers.
    """

    provider: SimulatedProvider
    store: SharedStore


Assemble = Callable[[Surroundings, Outside], AbstractAsyncContextManager[Processor]]


@asynccontextmanager
async def _router(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    yield router_processor(_ROUTER, CATALOGUE, surroundings)


@asynccontextmanager
async def _validator(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    yield validator_processor(_VALIDATOR, surroundings)


@asynccontextmanager
async def _cache(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    clock, metrics = surroundings.clock, surroundings.metrics
    store = GuardedStore(StoreConnection(outside.store), CircuitPolicy(1.0, 4.0), clock, metrics)
    await store.open()
    try:
        yield cache_processor(CacheHandler(store, CachePolicy(None), clock, metrics), _BATCH)
    finally:
        await store.close()


@asynccontextmanager
async def _executor(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    account = CATALOGUE.lanes[LANE].provider
    handler = ExecutorHandler(
        lane=LANE,
        catalogue=CATALOGUE,
        provider=OpenAIProvider(outside.provider, _ENDPOINT, account, _EXECUTOR, surroundings.clock),
        retry=_RETRY,
        clock=surroundings.clock,
        random=surroundings.random,
        permit=surroundings.permit,
        metrics=surroundings.metrics,
    )
    yield executor_processor(handler, _EXECUTOR)


SERVICES: Mapping[str, Assemble] = {"router": _router, "cache": _cache, "executor": _executor, "validator": _validator}
