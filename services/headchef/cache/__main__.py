"""Assembles the cache, and runs it: `python -m headchef.cache`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef import tenancy
from headchef.brakes import BrakesInForce
from headchef.cache.bounded import Bound, BoundedAnswerStore
from headchef.cache.circuit import CircuitPolicy
from headchef.cache.edge import EdgeAnswerStore
from headchef.cache.forgetting import Forgetting
from headchef.cache.guarded import GuardedStore
from headchef.cache.handler import CacheHandler
from headchef.cache.invalidations import Invalidations
from headchef.cache.policy import CachePolicy
from headchef.cache.refill import Refill
from headchef.cache.semantic import ByMeaning
from headchef.cache.semantic.assembly import assemble_meaning
from headchef.cache.settings import CacheSettings
from headchef.cache.store import AnswerStore
from headchef.cache.waiting import WAITING, CancelledWaiters, Coalescing, Leaders, WaitPolicy
from headchef.cache.withdrawn import Withdrawn
from headchef.qdrant.errors import StoreRefused
from headchef.runtime.host import run
from headchef.runtime.processor import Input, Processor, Store, pair
from headchef.runtime.settings import BadSettings, RuntimeSettings, load
from headchef.runtime.surroundings import Surroundings

NAME = "cache"


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the cache from the environment's settings; its store is open while the context is.

    A server that is away is no error: the cache goes on without it.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong, or the store refuses to work with these settings.
    """
    settings, namespace = load(CacheSettings), load(RuntimeSettings).namespace
    clock, metrics = surroundings.clock, surroundings.metrics
    bounded = BoundedAnswerStore(make_store(settings, namespace), Bound(settings.max_answers), clock, metrics)
    circuit = CircuitPolicy(settings.retry_first_s, settings.retry_longest_s)
    store = GuardedStore(bounded, circuit, clock, metrics)
    try:
        await store.open()
    except StoreRefused as error:
        raise _bad_settings(settings, error) from error
    forgetting = Forgetting(clock, store)
    invalidations = Invalidations(settings.fresh_s, clock, metrics, forgetting)
    try:
        async with (
            assemble_meaning(settings, namespace, store, invalidations, surroundings) as meaning,
            forgetting.at_work(),
        ):
            bounded.take_along(meaning.questions)
            yield processor(store, settings, surroundings, invalidations, meaning)
    finally:
        await store.close()


def processor(
    store: GuardedStore,
    settings: CacheSettings,
    surroundings: Surroundings,
    invalidations: Invalidations,
    meaning: ByMeaning | None = None,
) -> Processor:
    """Tell the runtime of the cache.

    Args:
        store: where answers lie, open.
        settings: its limits.
        surroundings: what the host lends.
        invalidations: what holds no longer.
        meaning: looks for answers to other wordings; None for nobody.
    """
    clock, metrics = surroundings.clock, surroundings.metrics
    brakes, withdrawn = BrakesInForce(NAME, metrics), Withdrawn()
    cancelled = CancelledWaiters(brakes)
    wait = WaitPolicy(settings.wait_s, settings.bulk_wait_s)
    policy = CachePolicy(settings.ttl_s)
    coalescing = Coalescing(wait, Leaders(settings.max_leaders), cancelled)
    handler = CacheHandler(store, policy, invalidations, coalescing, clock, metrics, meaning, withdrawn)
    return Processor(
        name=NAME,
        inputs=(*pair("steps.planned", flow=tenancy.of_step), Input("cache.settled"), Input("answers.corrected")),
        handler=handler,
        stores=(Store(WAITING),),
        timers=True,
        order="batches",
        hold=cancelled,
        sharing=None if meaning is None else meaning.sharing,
        batch=settings.batch,
        broadcasts=(
            brakes.broadcast,
            invalidations.broadcast,
            withdrawn.broadcast,
            *(() if meaning is None else (meaning.broadcast,)),
        ),
        replays=(Refill(store, policy, invalidations.taking_back, withdrawn, clock, metrics, meaning).replay,),
    )


def make_store(settings: CacheSettings, namespace: str) -> AnswerStore:
    """Choose the store: a server if one is named, else the embedded engine.

    Args:
        settings: of the cache.
        namespace: keeps environments apart that share a server or a machine.
    """
    if settings.qdrant_url is None:
        return EdgeAnswerStore(settings.folder / namespace)
    # The client takes two seconds and 80 MB to load, which the embedded store must not cost.
    from headchef.cache.server import ServerAnswerStore
    from headchef.qdrant.server import QdrantServer

    return ServerAnswerStore(
        QdrantServer(
            url=str(settings.qdrant_url),
            grpc_port=settings.qdrant_grpc_port,
            api_key=settings.qdrant_api_key,
            collection=settings.collection or f"{namespace}.answers",
            open_timeout_s=settings.open_timeout_s,
            lookup_timeout_s=settings.lookup_timeout_s,
            put_timeout_s=settings.put_timeout_s,
        )
    )


def main() -> None:
    """Run the cache as a process of its own."""
    run(assemble, NAME)


def _bad_settings(settings: CacheSettings, error: StoreRefused) -> BadSettings:
    if settings.qdrant_url is None:
        remedy = "name another folder, or a Qdrant server for all by HEADCHEF_CACHE_QDRANT_URL"
        return BadSettings("HEADCHEF_CACHE_FOLDER", f"{error.message}; {remedy}")
    return BadSettings("HEADCHEF_CACHE_QDRANT_API_KEY", f"the Qdrant server refuses: {error.message}")


if __name__ == "__main__":
    main()
