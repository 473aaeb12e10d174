"""Carries out `headchef collection load` and `list`."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from headchef.cli.collecting.described import described
from headchef.cli.collecting.lines import texts_of
from headchef.cli.faults import BadLine, WorkFailed, WrongUsage
from headchef.cli.screen import Meter, Screen, table
from headchef.embedding import EmbeddingFailed
from headchef.qdrant.errors import StoreUnavailable
from headchef.retrieval.collection import Collection, LoadedText
from headchef.retrieval.form import CollectionEntry
from headchef.retrieval.shelf import open_collections
from headchef.runtime.clock import SystemClock

_BATCH = 256
_RETRIES = 4


def load(name: str, file: Path, tenant: str, *, as_json: bool) -> None:
    """Put the texts of a file into a collection.

    Args:
        name: of the collection.
        file: of JSON lines; read twice, so that nothing is kept of one with a fault.
        tenant: whose texts they are.
        as_json: one JSON value on standard output.

    Raises:
        WrongUsage: the collection is not described, or a line is wrong; nothing was kept.
        WorkFailed: the store or the embedder failed; what was kept before stays, and loading again is harmless.
    """
    found = described()
    if name not in found.entries:
        known = ", ".join(found.entries) or "none"
        raise WrongUsage(f"there is no collection {name!r} in {found.path}", f"known are {known}")
    screen = Screen(as_json=as_json)

    async def work() -> None:
        # One entry alone: the folders and keys of the others are none of its business.
        entries = {name: found.entries[name]}
        opening = open_collections(found.path, entries, os.environ, SystemClock(), Random(), retries=_RETRIES)
        async with opening as collections:
            collection = collections[name]
            total = _checked(file, collection)
            with screen.progress(f"loading {name}", total) as meter:
                await _put_all(name, collection, file, tenant, meter)
            there = await _counted(collection)
        if as_json:
            screen.data({"collection": name, "loaded": total, "texts": there, "embedder": collection.embedder})
        else:
            screen.say(f"{total:,} texts loaded; {name} has {there:,}, with vectors of {collection.embedder}")

    asyncio.run(work())


def show(*, as_json: bool) -> None:
    """List the collections that are described, and how many texts each has.

    Raises:
        WrongUsage: no file describes any.
    """
    found = described()
    screen = Screen(as_json=as_json)
    rows = [asyncio.run(_row(found.path, name, entry)) for name, entry in found.entries.items()]
    if as_json:
        screen.data(rows)
        return
    columns = ("collection", "where", "whose", "vectors of", "texts")
    screen.write(table(str(found.path), columns, [[str(cell) for cell in row.values()] for row in rows]))


async def _row(path: Path, name: str, entry: CollectionEntry) -> dict[str, object]:
    """Describe one; that another cannot be opened does not matter to it."""
    async with open_collections(path, {name: entry}, os.environ, SystemClock(), Random()) as collections:
        collection = collections[name]
        try:
            texts: object = await collection.count()
        except StoreUnavailable as away:
            texts = away.message
        return {
            "collection": name,
            "where": entry.folder if entry.server is None else entry.server.url,
            "whose": "shared" if entry.tenant_field is None else f"by {entry.tenant_field}",
            "embedder": collection.embedder,
            "texts": texts,
        }


def _checked(file: Path, collection: Collection) -> int:
    """Look at every line; give how many texts there are."""
    ids: Counter[str] = Counter()
    try:
        for text in texts_of(file, collection.own_fields):
            ids[text.id] += 1
    except BadLine as bad:
        raise WrongUsage(str(bad.fault), "nothing was loaded") from bad
    twice = [each for each, count in ids.most_common(1) if count > 1]
    if twice:
        raise WrongUsage(f"{file}: the id {twice[0]!r} stands on {ids[twice[0]]} lines", "give each text its own id")
    return len(ids)


async def _put_all(name: str, collection: Collection, file: Path, tenant: str, meter: Meter) -> None:
    done = 0
    for batch in _batches(texts_of(file, collection.own_fields)):
        try:
            await collection.put(batch, tenant)
        except (StoreUnavailable, EmbeddingFailed) as failed:
            kept = f"{done:,} texts are kept; load the file again, which changes nothing of them"
            raise WorkFailed(f"{name}: {failed}", kept) from failed
        done += len(batch)
        meter.update(done)


async def _counted(collection: Collection) -> int:
    try:
        return await collection.count()
    except StoreUnavailable as away:
        raise WorkFailed(f"all texts are kept, and cannot be counted: {away}") from away


def _batches(texts: Iterator[LoadedText]) -> Iterator[Sequence[LoadedText]]:
    while batch := list(islice(texts, _BATCH)):
        yield batch
