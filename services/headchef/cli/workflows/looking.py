"""The collections that a run of a workflow looks into, on this machine."""

import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from random import Random

from headchef.cli.collecting.described import Described, described
from headchef.cli.faults import WrongUsage
from headchef.retrieval.reading import RetrievalSettings
from headchef.retrieval.retriever import Retriever
from headchef.retrieval.shelf import open_collections
from headchef.runtime.clock import Clock
from headchef.runtime.settings import load as load_settings
from headchef.workflow import Workflow


def collections_of(workflow: Workflow, given: Collection[str]) -> Described | None:
    """Find the collections that a workflow looks into, before anything is paid for.

    Args:
        workflow: that is to be run.
        given: ids of steps whose outputs are given.

    Returns:
        None where it looks into none.

    Raises:
        WrongUsage: one is not described, or no file is named.
        BadCollections: the file cannot be used.
    """
    steps = [step for step in workflow.steps.values() if step.retrieve is not None and step.id not in given]
    if not steps:
        return None
    known = described()
    faults = [
        f"step {step.id}: there is no collection {step.retrieve.collection!r} in {known.path}; known are"
        f" {', '.join(known.entries) or 'none'}"
        for step in steps
        if step.retrieve is not None and step.retrieve.collection not in known.entries
    ]
    if faults:
        raise WrongUsage("\n".join(faults))
    names = {step.retrieve.collection for step in steps if step.retrieve is not None}
    return Described(known.path, {name: entry for name, entry in known.entries.items() if name in names})


def collections_at_hand(workflow: Workflow) -> Described | None:
    """Find those collections of a workflow that are described; a search in another tells that it is not.

    Args:
        workflow: of which cases are tried, each of which may answer for its steps itself.

    Raises:
        BadCollections: the file cannot be used.
    """
    names = {step.retrieve.collection for step in workflow.steps.values() if step.retrieve is not None}
    if not names or load_settings(RetrievalSettings).collections is None:
        return None
    known = described()
    return Described(known.path, {name: entry for name, entry in known.entries.items() if name in names})


@asynccontextmanager
async def opened_retriever(found: Described | None, clock: Clock, chance: Random) -> AsyncIterator[Retriever]:
    """Make a retriever ready; its connections end with the context. Raises BadCollections."""
    if found is None:
        yield Retriever({}, clock, chance)
        return
    async with open_collections(found.path, found.entries, os.environ, clock, chance) as collections:
        yield Retriever(collections, clock, chance)
