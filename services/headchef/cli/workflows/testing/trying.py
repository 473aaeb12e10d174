"""Leads one case through its workflow, and holds what came of it against what was expected."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Self

from headchef_contracts.events.jobs import JobFinished

from headchef.cli.faults import WorkFailed
from headchef.cli.workflows.conducting import Answering, Conductor, Origin, Told
from headchef.cli.workflows.decider import Decider
from headchef.cli.workflows.people import Always
from headchef.cli.workflows.testing.result import Result
from headchef.functions import Workshop
from headchef.retrieval.retriever import Retriever
from headchef.runtime.clock import Clock
from headchef.runtime.errors import HeadchefError
from headchef.sources.fetcher import Fetcher
from headchef.template import Renderer
from headchef.workflow import Workflow
from headchef.workflow.cases import CaseEntry, NoAnswer, Rehearsal, Used, differences, golden_of
from headchef.workflow.progress import Ask, Judge, Outcome, Unit


class Nobody(AsyncIterator[Told]):
    """Answers no questions: for cases that answer all of them themselves."""

    async def ask(self, asks: Sequence[Ask], stop: asyncio.Event) -> None:
        """Refuse. Nothing gets here: whoever opens this has seen that the case asks no model."""
        raise AssertionError(f"{asks[0].unit} has nobody to answer it")

    def answers(self) -> AsyncIterator[Told]:
        """Give nothing, and never end."""
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Told:
        await asyncio.Event().wait()
        raise StopAsyncIteration


@asynccontextmanager
async def nobody(run: str) -> AsyncIterator[Answering]:
    """Open what answers no questions."""
    del run
    yield Nobody()


class Trying:
    """Leads cases of one workflow.

    Args:
        workflow: that they test.
        renderer: fills templates.
        judge: judges outputs.
        workshop: calls functions.
        fetcher: fetches documents.
        retriever: looks into collections.
        tenant: whose texts are found there.
        answering: opens what answers the questions of a case, given the name of the run.
        timeout_s: seconds in which nothing ends, after which a case is given up.
        clock: measures cases.
    """

    def __init__(
        self,
        workflow: Workflow,
        *,
        renderer: Renderer,
        judge: Judge,
        workshop: Workshop,
        fetcher: Fetcher,
        retriever: Retriever,
        tenant: str,
        answering: Callable[[str], AbstractAsyncContextManager[Answering]],
        timeout_s: float,
        clock: Clock,
    ) -> None:
        self._workflow = workflow
        self._renderer = renderer
        self._judge = judge
        self._workshop = workshop
        self._fetcher = fetcher
        self._retriever = retriever
        self._tenant = tenant
        self._answering = answering
        self._timeout_s = timeout_s
        self._clock = clock

    async def attempt(self, case: CaseEntry, run: str, stop: asyncio.Event) -> Result:
        """Lead a case to its end, until it cannot go on, or until `stop` is set.

        Args:
            case: to be led.
            run: starts the ids of the jobs that its questions become, and is their batch.
            stop: ends it.
        """
        began = self._clock.monotonic()
        if stop.is_set():
            return Result(case.name, "interrupted", 0, error="interrupted before it began")
        progress = Rehearsal(self._workflow, case, renderer=self._renderer, judge=self._judge)
        bill = Bill()
        try:
            async with self._answering(run) as answering:
                conductor = Conductor(
                    progress,
                    answering=answering,
                    workshop=self._workshop,
                    fetcher=self._fetcher,
                    retriever=self._retriever,
                    tenant=self._tenant,
                    judge=self._judge,
                    reviewing=Always(Decider.OTHERWISE),
                    told=bill.add,
                    timeout_s=self._timeout_s,
                )
                await conductor.lead(stop)
        except NoAnswer as missing:
            return Result(case.name, "error", self._since(began), error=str(missing))
        except WorkFailed as failed:
            why = f"{failed.message}\n{failed.hint}" if failed.hint else failed.message
            return Result(case.name, "error", self._since(began), error=why)
        except HeadchefError as error:
            return Result(case.name, "error", self._since(began), error=str(error))
        if progress.ending is None:
            paid = (
                f"; `headchef cancel --batch {run}` ends what was asked and has not begun"
                if bill.asks(progress)
                else ""
            )
            return Result(case.name, "interrupted", self._since(began), error=f"interrupted{paid}")
        used = bill.used(len(progress.asked))
        found = differences(case.expect, progress.ending, used, self._judge)
        return Result(
            case.name,
            "failed" if found else "passed",
            self._since(began),
            tuple(found),
            used=used,
            status=progress.ending.status,
            golden=golden_of(progress.ending, progress.asked),
        )

    def _since(self, began: float) -> float:
        return self._clock.monotonic() - began


class Bill:
    """Adds up what the questions of a case took."""

    def __init__(self) -> None:
        self._cost_usd = Decimal(0)
        self._unpriced = 0
        self._tokens = 0

    def add(self, unit: Unit, outcome: Outcome, origin: Origin) -> None:
        """Take in what has ended."""
        del unit, outcome
        if isinstance(origin, JobFinished):
            self._tokens += origin.usage.input_tokens + origin.usage.output_tokens
            if origin.cost_usd is None:
                self._unpriced += 1
            else:
                self._cost_usd += origin.cost_usd

    def used(self, questions: int) -> Used:
        """Give what was used up.

        Args:
            questions: to models, in all.
        """
        return Used(questions, self._cost_usd, self._unpriced, self._tokens)

    @staticmethod
    def asks(progress: Rehearsal) -> bool:
        """Tell whether a question is under way."""
        return any(isinstance(work, Ask) for work in progress.under_way.values())
