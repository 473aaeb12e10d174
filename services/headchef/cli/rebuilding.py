"""Carries out `cache rebuild`: marks the store of answers, and the caches that use it fill it again."""

import asyncio

from headchef.cache.__main__ import make_store
from headchef.cache.refill import LOOK_S, TOPIC
from headchef.cache.settings import CacheSettings
from headchef.cli.faults import WorkFailed
from headchef.cli.screen import Screen
from headchef.qdrant.errors import StoreUnavailable
from headchef.runtime.settings import RuntimeSettings, load


def carry_out(*, as_json: bool) -> None:
    """Mark the store that the environment names.

    Raises:
        WorkFailed: it cannot be reached, or there is no folder of one.
    """
    settings, namespace = load(CacheSettings), load(RuntimeSettings).namespace
    server = None if settings.qdrant_url is None else str(settings.qdrant_url)
    place = str(settings.folder / namespace) if server is None else f"{namespace} at {server}"
    try:
        asyncio.run(_mark(settings, namespace, on_server=server is not None))
    except StoreUnavailable as error:
        hint = (
            "it is where HEADCHEF_CACHE_FOLDER says, of the cache's own process"
            if server is None
            else "is HEADCHEF_CACHE_QDRANT_URL right, with its port for gRPC and its key?"
        )
        raise WorkFailed(f"the store of answers in {place} cannot be marked: {error.message}", hint) from error
    screen = Screen(as_json=as_json)
    if as_json:
        screen.data({"store": place, "from": TOPIC})
        return
    screen.say(f"the store of answers in {place} is to be filled from {TOPIC}", "green")
    screen.say(f"Caches that use it begin within {LOOK_S:g} s, go on with their work meanwhile, and log the end.")


async def _mark(settings: CacheSettings, namespace: str, *, on_server: bool) -> None:
    store = make_store(settings, namespace)
    if not on_server:
        # The folder is in use by the cache: the mark lies beside its answers, and is the only thing touched.
        await store.set_unfilled(True)
        return
    await store.open()
    try:
        await store.set_unfilled(True)
    finally:
        await store.close()
