"""Qdrant's embedded engine in a folder on this machine, which one process owns at a time."""

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import UUID

import numpy as np
from qdrant_edge import (
    CountRequest,
    EdgeConfig,
    EdgeShard,
    FieldCondition,
    Filter,
    HasIdCondition,
    MatchAny,
    MatchValue,
    OrderBy,
    PayloadSchemaType,
    RangeFloat,
    ScrollRequest,
    UpdateOperation,
)

from headchef.qdrant.embedded_erasures import Erasures
from headchef.qdrant.embedded_owner import take
from headchef.qdrant.errors import StoreRefused, StoreUnavailable
from headchef.qdrant.points import Ranked, ranked
from headchef.qdrant.where import Equal, Where

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class EmbeddedShard:
    """One shard of points, with a thread that writes to it and one that searches in it.

    Args:
        folder: made if absent; nobody else may write there.
        name: of the shard in it, and of what lies in it, in the plural, such as `answers`.
        config: of its vectors.
        indexes: of payload fields, by their names. Without one a search by a field reads all payloads: 170 ms at
            50,000 points in place of 0.2.
        vacuum: whether what was removed is cleared out of its files at opening: a second for 20,000 vectors.
        cure: what to do with a shard that cannot be loaded; None where what it has can be made again: then it is put
            aside, and an empty one takes its place.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        config: EdgeConfig,
        *,
        indexes: Mapping[str, PayloadSchemaType],
        vacuum: bool = False,
        cure: str | None,
    ) -> None:
        self._folder = folder
        self._name = name
        self._config = config
        self._indexes = indexes
        self._vacuum = vacuum
        self._cure = cure
        self._erasures = Erasures(folder, name)
        self._shard: EdgeShard | None = None
        self._lock: IO[str] | None = None
        self._writer: ThreadPoolExecutor | None = None
        self._reader: ThreadPoolExecutor | None = None
        self._opening = asyncio.Lock()

    @property
    def unfilled(self) -> bool:
        """Whether it was made empty, and nobody has said since that all is in it that should be."""
        return self._mark.exists()

    def set_unfilled(self, unfilled: bool) -> None:
        """Say whether something is missing in it; that outlives the process. Raises StoreUnavailable."""
        try:
            if unfilled:
                self._mark.touch()
            else:
                self._mark.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable("folder", f"{self._mark} cannot be written: {error.strerror}") from error

    @property
    def there(self) -> bool:
        """Whether it has been made."""
        return (self._folder / self._name).exists()

    async def open(self) -> None:
        """Take the folder, and load what it has; on an open one nothing happens.

        Raises:
            StoreRefused: the folder is another's or cannot be used, or has vectors of another kind.
        """
        async with self._opening:
            if self._lock is not None:
                return
            self._lock = take(self._folder)
            self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"{self._name}-writer")
            self._reader = ThreadPoolExecutor(1, thread_name_prefix=f"{self._name}-reader")
            try:
                self._shard = await self.on_writer(self._load)
            except BaseException:
                self._let_go()
                raise

    async def close(self) -> None:
        """Finish what is being written, flush, and leave the folder to others."""
        shard = self._shard
        self._shard = None
        try:
            if shard is not None:
                await self.on_reader(lambda: None)
                await self.on_writer(shard.flush)
                await self.on_writer(shard.close)
        finally:
            self._let_go()

    def opened(self) -> EdgeShard:
        """Give the shard. Raises StoreUnavailable where it is not open."""
        if self._shard is None:
            raise StoreUnavailable("closed", f"the store of {self._name} in {self._folder} is not open")
        return self._shard

    async def on_writer(self, call: Callable[[], Result]) -> Result:
        """Make a call on the writer's thread, after those before it. Raises StoreUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, partial(guarded, call))

    async def on_reader(self, call: Callable[[], Result]) -> Result:
        """Make a call on the reader's thread, which waits for no write. Raises StoreUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, partial(guarded, call))

    async def remove(self, where: Where) -> None:
        """Remove points, on the writer's thread. Raises StoreUnavailable."""
        shard = self.opened()
        if where.erasure is not None:
            await self.on_writer(partial(self._begin_erasure, where.erasure))
        await self.on_writer(partial(shard.update, UpdateOperation.delete_points_by_filter(filter_of(where))))

    async def count(self) -> int:
        """Count points, on the writer's thread. Raises StoreUnavailable."""
        return await self.on_writer(partial(self.opened().count, CountRequest(exact=True)))

    async def least(self, name: str, most: int, also: str | None = None) -> Sequence[Ranked]:
        """Give the points whose number in an indexed field is the least, the least first. Raises StoreUnavailable."""
        fields = [name] if also is None else [name, also]
        request = ScrollRequest(limit=most, order_by=OrderBy(name), with_payload=list(fields))
        found, _ = await self.on_reader(partial(self.opened().scroll, request))
        return [ranked(point.id, point.payload, name, also) for point in found]

    async def raise_to(self, name: str, numbers: Mapping[UUID, float]) -> None:
        """Write a number into a field of each of these points that is there and has less. Raises StoreUnavailable."""
        by_number: dict[float, list[int | UUID | str]] = {}
        for point, number in numbers.items():
            by_number.setdefault(number, []).append(point)
        shard = self.opened()
        for number, points in by_number.items():
            # By a filter, since a point that is named and is not there would be an error.
            lower = Filter(must=[HasIdCondition(set(points)), FieldCondition(key=name, range=RangeFloat(lt=number))])
            await self.on_writer(partial(shard.update, UpdateOperation.set_payload_by_filter(lower, {name: number})))

    def _let_go(self) -> None:
        for thread in (self._writer, self._reader):
            if thread is not None:
                thread.shutdown(wait=False)
        if self._lock is not None:
            self._lock.close()
        self._writer = self._reader = self._lock = self._shard = None

    @property
    def _aside(self) -> Path:
        return self._folder / f"{self._name}.unreadable"

    @property
    def _mark(self) -> Path:
        return self._folder / f"{self._name}.unfilled"

    def _load(self) -> EdgeShard:
        folder = self._folder / self._name
        try:
            return guarded(partial(self._loaded, folder))
        except StoreUnavailable as error:
            if self._cure is not None or not folder.exists():
                raise self._unreadable(folder, error) from error
            self._put_aside(folder)
            _log.warning(
                "The store of %s in %s cannot be loaded (%s). It is put aside as %s, and an empty one takes its place.",
                *(self._name, folder, error.message, self._aside.name),
            )
            if self._erasures.due:
                shutil.rmtree(self._aside)
                _log.warning("%s is deleted, as something that was erased may be in it.", self._aside)
        try:
            return guarded(partial(self._loaded, folder))
        except StoreUnavailable as error:
            raise self._unreadable(folder, error) from error

    def _unreadable(self, folder: Path, error: StoreUnavailable) -> StoreRefused:
        cure = self._cure or "see that its disk has room and may be written"
        return StoreRefused("unreadable", f"{folder} cannot be loaded ({error.message}); {cure}")

    def _loaded(self, folder: Path) -> EdgeShard:
        if not folder.exists():
            self._create(folder)
        elif self._erasures.due:
            _log.info("What was erased is cleared out of the files of %s, once.", folder)
            self._erasures.clear_out(self._config)
        shard = EdgeShard.load(str(folder), self._config)
        # One that is there costs nothing; one that an earlier version lacked is made, for some seconds once.
        for name, kind in self._indexes.items():
            shard.update(UpdateOperation.create_field_index(name, kind))
        if self._vacuum:
            shard.optimize()
        return shard

    def _put_aside(self, folder: Path) -> None:
        # Only the last one: a disk that makes them must not be filled by them.
        shutil.rmtree(self._aside, ignore_errors=True)
        folder.rename(self._aside)

    def _begin_erasure(self, erasure: str) -> None:
        self._erasures.note(erasure)
        # Nobody can read what is in it, and so nobody can take a part of it out.
        if self._aside.exists():
            shutil.rmtree(self._aside)

    def _create(self, folder: Path) -> None:
        # A process that dies in the middle leaves no half-made store under the final name.
        half_made = folder.with_name("half-made")
        shutil.rmtree(half_made, ignore_errors=True)
        EdgeShard.create(str(half_made), self._config).close()
        self.set_unfilled(True)
        half_made.rename(folder)


def guarded(call: Callable[[], Result]) -> Result:
    """Make a call of the engine, which raises bare Exception for all that goes wrong inside it, and panics for faults.

    Raises:
        StoreUnavailable: in place of both.
    """
    try:
        return call()
    except StoreUnavailable:
        raise
    except Exception as error:
        raise StoreUnavailable("engine", str(error)) from error
    except BaseException as error:
        # A panic, as on a damaged file, is no Exception; its class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise StoreUnavailable("engine", str(error)) from error


def filter_of(where: Where) -> Filter:
    """Say in the engine's terms which points are meant."""
    must: list[FieldCondition | HasIdCondition | Filter] = [
        FieldCondition(key=name, match=_match(value)) for name, value in where.equal.items()
    ]
    if where.ids is not None:
        must.append(HasIdCondition(set(where.ids)))
    must += [FieldCondition(key=name, match=MatchAny(list(values))) for name, values in where.among.items()]
    must += [FieldCondition(key=name, range=RangeFloat(lte=value)) for name, value in where.until.items()]
    must += [
        Filter(
            should=[
                FieldCondition(key=name, range=RangeFloat(lte=value)),
                FieldCondition(key=name, is_empty=True),
            ]
        )
        for name, value in where.until_or_absent.items()
    ]
    must += [FieldCondition(key=name, is_empty=True) for name in where.absent]
    return Filter(must=list(must))


def _match(value: Equal) -> MatchValue:
    # The engine takes Python's True for the number 1, which no truth value equals; numpy's it knows.
    known: Any = np.bool_(value) if isinstance(value, bool) else value
    return MatchValue(known)
