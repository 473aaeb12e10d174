"""Assembles the processor that looks into collections, and runs it: `python -m headchef.retriever`."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from headchef import tenancy
from headchef.bodies import Bodies, WithBodies
from headchef.bodies.opening import open_bodies
from headchef.retrieval.form import CollectionEntry
from headchef.retrieval.reading import RetrievalSettings
from headchef.retrieval.reading import load as load_collections
from headchef.retrieval.retriever import Retriever
from headchef.retrieval.shelf import open_collections
from headchef.retriever.handler import RetrieverHandler, Retrieving
from headchef.retriever.settings import RetrieverSettings
from headchef.runtime.host import run
from headchef.runtime.processor import Processor, pair
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the processor from the environment's settings; its connections end with the context.

    Without a file of collections it is at work too, and says of every search that there is no such collection.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting, or the file of collections, is wrong.
    """
    settings = load(RetrieverSettings)
    path = load(RetrievalSettings).collections
    entries: Mapping[str, CollectionEntry] = {} if path is None else load_collections(path)
    clock, chance = surroundings.clock, surroundings.random
    async with open_collections(path or Path(), entries, os.environ, clock, chance) as collections:
        retriever = Retriever(collections, clock, chance, timeout_s=settings.timeout_s)
        yield processor(retriever, settings, surroundings, open_bodies(clock, surroundings.metrics))


def processor(
    retrieving: Retrieving, settings: RetrieverSettings, surroundings: Surroundings, bodies: Bodies | None = None
) -> Processor:
    """Tell the runtime of the processor.

    Args:
        retrieving: searches.
        settings: its limits.
        surroundings: what the host lends.
        bodies: writes what was found, where that is large; None where no store is set.
    """
    handler = RetrieverHandler(retrieving=retrieving, clock=surroundings.clock, metrics=surroundings.metrics)
    return Processor(
        name="retriever",
        inputs=pair("retrievals.planned", flow=tenancy.of_call),
        handler=handler if bodies is None else WithBodies(handler, bodies),
        order="concurrent",
        concurrency=settings.concurrency,
    )


def main() -> None:
    """Run as a process of its own."""
    run(assemble, "retriever")


if __name__ == "__main__":
    main()
