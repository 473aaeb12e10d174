"""The services as simulated processes run them: put together from their own parts, on simulated ports."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from headchef import catalogue
from headchef.accounts.__main__ import processor as accounts_processor
from headchef.bodies import Bodies
from headchef.cache.__main__ import processor as cache_processor
from headchef.cache.circuit import CircuitPolicy
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.invalidations import Invalidations
from headchef.cache.settings import CacheSettings
from headchef.catalogue import Catalogue, Endpoint, Provider, in_force
from headchef.executor.__main__ import processor as executor_processor
from headchef.executor.account import Accounts
from headchef.executor.calling import HttpProvider
from headchef.executor.policy import RetryPolicy
from headchef.executor.settings import Settings
from headchef.fetcher.__main__ import processor as fetcher_processor
from headchef.fetcher.settings import FetcherSettings
from headchef.functions.__main__ import processor as functions_processor
from headchef.retrieval.retriever import Retriever
from headchef.retriever.__main__ import processor as retriever_processor
from headchef.retriever.settings import RetrieverSettings
from headchef.router.__main__ import processor as router_processor
from headchef.router.settings import RouterSettings
from headchef.runtime.processor import TIMERS, Processor
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.turns import Turns
from headchef.validator.__main__ import processor as validator_processor
from headchef.validator.settings import ValidatorSettings
from headchef.workflow import library
from tests.simulation.bodies import SharedBodies
from tests.simulation.evicting import WatchedBound, connected
from tests.simulation.functions import SimulatedWorkshop
from tests.simulation.guides import TIMEOUT_S, SimulatedGuides
from tests.simulation.meanings import by_meaning
from tests.simulation.overtaking import WatchedDoor
from tests.simulation.provider import SimulatedProvider
from tests.simulation.read_once import read_catalogue, read_workflow
from tests.simulation.refusals import Asked
from tests.simulation.sources import SimulatedSources
from tests.simulation.store import SharedStore

CATALOGUE_PATH = Path(__file__).with_name("catalogue.yaml")
CATALOGUE = catalogue.load(CATALOGUE_PATH)
LANES = tuple(CATALOGUE.lanes)
HOSTS = {lane: f"{found.provider.name}.test" for lane, found in CATALOGUE.lanes.items()}
"""Where the account of each lane is called."""

MODELS = [Asked(HOSTS[model.lane], model.provider_model) for model in CATALOGUE.models.values()]
"""What can be asked for, and where."""

# Pure, and all processes of all worlds read the same few texts.
vars(in_force)["_read"] = read_catalogue
vars(library)["read_published"] = read_workflow

# Read once: a world starts ten processes or more, and the environment is the same for all.
_ROUTER, _VALIDATOR = load(RouterSettings).model_copy(update={"max_units": 20}), load(ValidatorSettings)
"""So few units that jobs are made anew from their records also where no process ends."""

FRESH_S = load(CacheSettings).fresh_s
_CACHE = load(CacheSettings).model_copy(update={"wait_s": 10.0, "bulk_wait_s": 20.0})
_FUNCTIONS_AT_ONCE = 2
FUNCTIONS, FETCHER, ACCOUNTS, RETRIEVER = "functions", "fetcher", "accounts", "retriever"
HOMES = 3
"""Of accounts: a world has so many partitions before it grows."""

_HELPED_SHARE, _RESERVING_SHARE, _SEEKING_SHARE, _EXPIRING_SHARE = 0.25, 0.2, 0.1, 0.2
BULK_SHARE = 0.1
_RETRY = RetryPolicy(window_s=15.0)


@dataclass(frozen=True, slots=True)
class Outside:
    """What the services' ports lead to.

    Attributes:
        provider: what executors call.
        store: where caches keep answers.
        workshop: what calls functions.
        sources: what fetches documents.
        guides: what retrievers look into.
        catalogue: the file's, in force until one is published.
        overtakings: takes what is seen at the doors of lanes that must not be.
        bodies: where large bodies lie; None where all are in events.
        ttl_s: how long an answer serves; None for ever.
    """

    provider: SimulatedProvider
    store: SharedStore
    workshop: SimulatedWorkshop
    sources: SimulatedSources
    guides: SimulatedGuides
    catalogue: Catalogue = CATALOGUE
    overtakings: list[str] = field(default_factory=list)
    bodies: SharedBodies | None = None
    ttl_s: float | None = None

    def bodies_of(self, surroundings: Surroundings) -> Bodies | None:
        """Give the bodies of one process."""
        return None if self.bodies is None else self.bodies.of(surroundings)


Assemble = Callable[[Surroundings, Outside], AbstractAsyncContextManager[Processor]]


@dataclass(frozen=True, slots=True)
class Service:
    """One of the processors.

    Attributes:
        assemble: makes it.
        inputs: what its group reads, by logical name.
        instances: how many processes of it a world has.
    """

    assemble: Assemble
    inputs: tuple[str, ...]
    instances: int = 2


@asynccontextmanager
async def _router(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    yield router_processor(_ROUTER, outside.catalogue, surroundings, HOMES, outside.bodies_of(surroundings))


@asynccontextmanager
async def _validator(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    yield validator_processor(_VALIDATOR, surroundings, outside.bodies_of(surroundings), HOMES)


@asynccontextmanager
async def _functions(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    yield functions_processor(outside.workshop, _FUNCTIONS_AT_ONCE, surroundings, outside.bodies_of(surroundings))


@asynccontextmanager
async def _fetcher(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    settings = FetcherSettings(concurrency=2)
    yield fetcher_processor(outside.sources, settings, surroundings, outside.bodies_of(surroundings))


@asynccontextmanager
async def _retriever(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    collections, clock, chance = outside.guides.opened(), surroundings.clock, surroundings.random
    retriever = Retriever(collections, clock, chance, timeout_s=TIMEOUT_S)
    settings = RetrieverSettings(concurrency=2)
    yield retriever_processor(retriever, settings, surroundings, outside.bodies_of(surroundings))


@asynccontextmanager
async def _accounts(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    yield accounts_processor(surroundings)


@asynccontextmanager
async def _cache(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
    clock, metrics = surroundings.clock, surroundings.metrics
    kept = connected(outside.store, surroundings)
    store = GuardedStore(kept, CircuitPolicy(1.0, 4.0), clock, metrics)
    await store.open()
    try:
        forgetting = Forgetting(clock, store)
        invalidations = Invalidations(FRESH_S, clock, metrics, forgetting)
        meaning = by_meaning(outside.store, store, invalidations, surroundings, HOMES)
        if isinstance(kept, WatchedBound) and meaning is not None:
            kept.take_along(meaning.questions)
        settings = _CACHE.model_copy(update={"ttl_s": outside.ttl_s})
        async with forgetting.at_work():
            yield cache_processor(store, settings, surroundings, invalidations, meaning)
    finally:
        await store.close()


def _executor(lane: str) -> Assemble:
    usual = Settings(lane=lane, concurrency=8)

    @asynccontextmanager
    async def assemble(surroundings: Surroundings, outside: Outside) -> AsyncIterator[Processor]:
        settings = usual.model_copy(update={"call_timeout_s": outside.provider.call_timeout_s})

        @asynccontextmanager
        async def opened(endpoint: Endpoint, account: Provider) -> AsyncIterator[HttpProvider]:
            yield HttpProvider(outside.provider, endpoint, account, settings, surroundings.clock)

        accounts = Accounts(lane, {}, opened)
        try:
            made = executor_processor(
                outside.catalogue,
                accounts,
                settings,
                _RETRY,
                Turns(BULK_SHARE),
                surroundings,
                outside.bodies_of(surroundings),
            )
            if made.admission is None:
                raise AssertionError("an executor lets steps in by its lane")
            yield replace(made, admission=WatchedDoor(made.admission, BULK_SHARE, outside.overtakings))
        finally:
            await accounts.close()

    return assemble


def pair(topic: str) -> tuple[str, str]:
    """Give the topics of both classes of the same work."""
    return topic, f"{topic}.bulk"


ROUTER, CACHE = "router", "cache"
_ANSWERS = ("reservations.answered", "budgets.answered")
SERVICES: Mapping[str, Service] = {
    ROUTER: Service(
        _router,
        (
            *pair("jobs.submitted"),
            "jobs.commands",
            "steps.judged",
            "calls.ended",
            "fetches.ended",
            "retrievals.ended",
            "reservations.answered",
            "budgets.answered",
            "judgements.planned",
        ),
    ),
    CACHE: Service(_cache, (*pair("steps.planned"), "cache.settled", "answers.corrected")),
    "executor.default": Service(_executor("default"), pair("steps.dispatched.default")),
    "executor.other": Service(_executor("other"), pair("steps.dispatched.other"), instances=1),
    "validator": Service(_validator, ("steps.completed",)),
    FUNCTIONS: Service(_functions, pair("calls.planned")),
    FETCHER: Service(_fetcher, pair("fetches.planned"), instances=1),
    RETRIEVER: Service(_retriever, pair("retrievals.planned"), instances=1),
    ACCOUNTS: Service(_accounts, ("reservations.asked", "budgets.booked", "cache.observed")),
}
"""By the processor's name, which is also its group's."""

INPUTS = tuple(topic for service in SERVICES.values() for topic in service.inputs)
"""What is read, by logical name."""


def drawn_services(chance: Random, *, accounts: bool = False) -> Mapping[str, Service]:
    """Draw the processors of a world: those that are idle cost nearly as much time as at work, so not all have them.

    Args:
        chance: says which.
        accounts: whether they are needed in any case.
    """
    helped, reserving = chance.random() < _HELPED_SHARE, chance.random() < _RESERVING_SHARE or accounts
    wanted = {FUNCTIONS: helped, FETCHER: helped, ACCOUNTS: reserving, RETRIEVER: chance.random() < _SEEKING_SHARE}
    return {name: each for name, each in SERVICES.items() if wanted.get(name, True)}


def drawn_ttl_s(chance: Random) -> float | None:
    """Draw how long an answer serves in a world, in seconds; None for ever."""
    return chance.uniform(0.5, 4.0) if chance.random() < _EXPIRING_SHARE else None


def timers_of(service: str) -> tuple[str, ...]:
    """Give the changelog of a service's timers, by logical name, if it has any."""
    has_any = service in (ROUTER, CACHE) or service.startswith("executor.")
    return (f"{service}.{TIMERS}.changelog",) if has_any else ()
