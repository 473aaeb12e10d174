"""Leads one job through its workflow: questions go to the services, the rest runs on this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, Protocol

from headchef_contracts.events.jobs import JobFinished

from headchef.cli.faults import WorkFailed
from headchef.cli.workflows.people import Reviewing
from headchef.functions import CallFailed, Workshop
from headchef.retrieval.errors import RetrievalFailed
from headchef.retrieval.retriever import Retriever
from headchef.retrieval.wanted import Query, Retrieved
from headchef.sources.errors import FetchFailed
from headchef.sources.fetcher import Fetcher
from headchef.sources.wanted import Source
from headchef.workflow.progress import (
    Ask,
    Audit,
    Call,
    Came,
    Fetch,
    Judge,
    Lost,
    Outcome,
    Progress,
    Reserve,
    Retrieve,
    Review,
    Unit,
    Work,
)

_SHOWN = 5

Origin = JobFinished | Source | Retrieved | None
"""Where an output comes from: its job's result, its source, or what was found in a collection."""

Told = tuple[Unit, Outcome, Origin]
"""A unit, what came of it, and where that comes from."""


class Answering(Protocol):
    """Who answers questions."""

    async def ask(self, asks: Sequence[Ask], stop: asyncio.Event) -> None:
        """Take questions on."""
        ...

    def answers(self) -> AsyncIterator[Told]:
        """Give what comes of them, for ever."""
        ...


class Conductor:
    """Leads one job.

    Args:
        progress: of the job, not begun.
        answering: answers questions.
        workshop: calls functions.
        fetcher: fetches documents.
        retriever: looks into collections.
        tenant: whose texts are found there.
        judge: carries audits out.
        reviewing: decides about reviews, for which it has as long as it takes.
        told: is told of everything that has ended.
        timeout_s: seconds in which nothing ends, after which it is given up.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        answering: Answering,
        workshop: Workshop,
        fetcher: Fetcher,
        retriever: Retriever,
        tenant: str,
        judge: Judge,
        reviewing: Reviewing,
        told: Callable[[Unit, Outcome, Origin], None],
        timeout_s: float,
    ) -> None:
        self._progress = progress
        self._answering = answering
        self._workshop = workshop
        self._fetcher = fetcher
        self._retriever = retriever
        self._tenant = tenant
        self._judge = judge
        self._reviewing = reviewing
        self._told = told
        self._timeout_s = timeout_s
        self._came: asyncio.Queue[Told] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    async def lead(self, stop: asyncio.Event) -> bool:
        """Do all that is to be done, until the job ends or `stop` is set.

        Returns:
            Whether it has ended.

        Raises:
            WorkFailed: a question could not be sent, or nothing came for too long.
        """
        reading = self._spawn(self._read())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await self._do(self._progress.begin(), stop)
            while self._progress.ending is None:
                told = await self._next(reading, stopping)
                if told is None:
                    return False
                unit, outcome, result = told
                self._told(unit, outcome, result)
                await self._do(self._progress.ended(unit, outcome), stop)
            return True
        finally:
            stopping.cancel()
            for task in self._tasks:
                task.cancel()

    async def _next(self, reading: "asyncio.Task[None]", stopping: "asyncio.Future[Any]") -> Told | None:
        """Give what has ended, or None when it is time to stop."""
        coming = asyncio.ensure_future(self._came.get())
        asking = any(isinstance(work, Review) for work in self._progress.under_way.values())
        timeout_s = None if asking else self._timeout_s
        try:
            await asyncio.wait((coming, reading, stopping), return_when=asyncio.FIRST_COMPLETED, timeout=timeout_s)
            if reading.done():
                reading.result()
            if stopping.done():
                return None
            if not coming.done():
                waiting = ", ".join(sorted(map(str, self._progress.under_way))[:_SHOWN])
                raise WorkFailed(
                    f"nothing came for {self._timeout_s:g} s; under way: {waiting}", "are the services running?"
                )
            return coming.result()
        finally:
            coming.cancel()

    async def _do(self, works: Sequence[Work], stop: asyncio.Event) -> None:
        asks = [work for work in works if isinstance(work, Ask)]
        if asks:
            await self._answering.ask(asks, stop)
        for work in works:
            if isinstance(work, Call):
                _ = self._spawn(self._call(work))
            elif isinstance(work, Fetch):
                _ = self._spawn(self._fetch(work))
            elif isinstance(work, Review):
                _ = self._spawn(self._review(work))
            elif isinstance(work, Retrieve):
                _ = self._spawn(self._retrieve(work))
            elif isinstance(work, Audit):
                self._came.put_nowait((work.unit, Came(self._judge.audited(work)), None))
            elif isinstance(work, Reserve):
                # Nothing is held for a run that tries a workflow out: it would keep the value from the jobs that count.
                self._came.put_nowait((work.unit, Came(work.value), None))

    async def _review(self, review: Review) -> None:
        self._came.put_nowait((review.unit, await self._reviewing.decide(review), None))

    async def _call(self, call: Call) -> None:
        try:
            outcome: Outcome = Came(await self._workshop.call(call.function, call.arguments, call.timeout_s))
        except CallFailed as failed:
            outcome = Lost(failed.reason, failed.message)
        self._came.put_nowait((call.unit, outcome, None))

    async def _fetch(self, fetch: Fetch) -> None:
        try:
            fetched = await self._fetcher.fetch(fetch.wanted)
        except FetchFailed as failed:
            self._came.put_nowait((fetch.unit, Lost(failed.reason, failed.message), None))
        else:
            self._came.put_nowait((fetch.unit, Came(fetched.value), fetched.source))

    async def _retrieve(self, work: Retrieve) -> None:
        query = Query(work.collection, work.query, work.equal, work.top_k, self._tenant, work.retries)
        try:
            found = await self._retriever.retrieve(query)
        except RetrievalFailed as failed:
            self._came.put_nowait((work.unit, Lost(failed.reason, failed.message), None))
        else:
            self._came.put_nowait((work.unit, Came(found.value), found))

    async def _read(self) -> None:
        async for told in self._answering.answers():
            self._came.put_nowait(told)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
