"""Carries out `headchef workflow test`: a workflow's cases side by side, and what came of them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

from headchef.checks import installed as installed_checks
from headchef.cli.cluster import named_cluster, opened
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.screen import Screen
from headchef.cli.submission.running import partitions_of_the_entry
from headchef.cli.workflows.asking import asking_on
from headchef.cli.workflows.conducting import Answering
from headchef.cli.workflows.looking import collections_at_hand, opened_retriever
from headchef.cli.workflows.testing.junit import junit
from headchef.cli.workflows.testing.result import Result
from headchef.cli.workflows.testing.trying import Trying, nobody
from headchef.cli.workflows.testing.view import as_json, conclusion, shown
from headchef.cli.workflows.values import hindrance
from headchef.functions import Workshop
from headchef.functions import installed as installed_functions
from headchef.runtime.clock import SystemClock
from headchef.runtime.settings import load as load_settings
from headchef.schema import SchemaCache
from headchef.sources.fetcher import open_fetcher
from headchef.sources.settings import SourceSettings
from headchef.template import Renderer
from headchef.workflow import BadWorkflow, Workflow, load
from headchef.workflow.cases import CASES_ENDING, CaseEntry, Goldens, asks_models, cases_file, load_cases
from headchef.workflow.form import StepEntry
from headchef.workflow.progress import Judge

_PROCESSES = 2
_TEMPLATES = 256
_TEMPLATE_WORK = 4_000_000

Answers = Callable[[str], AbstractAsyncContextManager[Answering]]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be tested.

    Attributes:
        file: the workflow.
        cases: the file of cases; None for the one beside it.
        chosen: names of cases; none for all.
        update: write golden results anew.
        junit: a file for JUnit XML, if any.
        concurrency: how many cases are under way at once.
        run: starts the ids of the jobs that questions become.
        tenant: of these jobs; None for none.
        timeout_s: seconds in which nothing comes of a case, after which it is given up.
        patience_s: seconds to wait for Kafka.
        as_json: an object a case on standard output.
    """

    file: Path
    cases: Path | None
    chosen: Sequence[str]
    update: bool
    junit: Path | None
    concurrency: int
    run: str
    tenant: str | None
    timeout_s: float
    patience_s: float
    as_json: bool


def try_cases(request: Request) -> bool:
    """Test a workflow.

    Returns:
        Whether all cases have passed.

    Raises:
        WrongUsage: the workflow or its cases cannot be used; nothing was asked.
        WorkFailed: the services cannot be reached, or a file cannot be written.
    """
    if request.junit is not None and not request.junit.parent.is_dir():
        raise WrongUsage(f"--junit: there is no folder {request.junit.parent}")
    screen = Screen(as_json=request.as_json)
    judge = Judge(SchemaCache(_TEMPLATES), installed_checks())
    workflow = _workflow(request.file)
    path = request.cases or cases_file(request.file)
    cases = _cases(path, workflow, judge)
    goldens = Goldens(path)
    chosen = _chosen(cases, request.chosen, path)
    began = datetime.now(UTC)
    results = asyncio.run(_Tests(request, workflow, judge, goldens, screen).run(chosen))
    _tell(workflow.name, results, screen)
    for stray in goldens.stray([each.name for each in cases]):
        screen.say(f"{stray} belongs to no case", "yellow")
    if request.junit is not None:
        told = f"{shown(results).plain}\n\n{conclusion(workflow.name, results)}\n"
        _write(request.junit, junit(workflow.name, results, at=began, host=socket.gethostname(), told=told))
    return all(each.verdict == "passed" for each in results)


def _workflow(path: Path) -> Workflow:
    try:
        return load(path)
    except BadWorkflow as bad:
        is_cases = path.name.endswith(CASES_ENDING)
        hint = f"name the workflow, {path.name.removesuffix(CASES_ENDING)}.yaml: its cases are found beside it"
        raise WrongUsage(f"{path} cannot be used\n{bad}", hint if is_cases else "") from bad


def _cases(path: Path, workflow: Workflow, judge: Judge) -> tuple[CaseEntry, ...]:
    if not path.exists():
        hint = "write cases there, or name another file by --cases; docs/workflows.md shows one"
        raise WrongUsage(f"{workflow.path} has no cases: there is no file {path}", hint)
    functions = installed_functions()

    def cannot(step: StepEntry) -> str | None:
        return hindrance(step, functions)

    try:
        return load_cases(path, workflow, judge=judge, checks=installed_checks(), hindrance=cannot)
    except BadWorkflow as bad:
        count = len(bad.faults)
        raise WrongUsage(f"{path} has {count} fault{'' if count == 1 else 's'}\n{bad}") from bad


def _chosen(cases: Sequence[CaseEntry], names: Sequence[str], path: Path) -> list[CaseEntry]:
    known = [case.name for case in cases]
    for name in names:
        if name not in known:
            raise WrongUsage(f"--case: {path} has no case {name}", f"it has {', '.join(known)}")
    return [case for case in cases if not names or case.name in names]


class _Tests:
    def __init__(self, request: Request, workflow: Workflow, judge: Judge, goldens: Goldens, screen: Screen) -> None:
        self._request = request
        self._workflow = workflow
        self._judge = judge
        self._goldens = goldens
        self._screen = screen

    async def run(self, cases: Sequence[CaseEntry]) -> list[Result]:
        workshop, clock = Workshop(_PROCESSES), SystemClock()
        asking = [case.name for case in cases if asks_models(self._workflow, case)]
        sources = open_fetcher(load_settings(SourceSettings), clock, Random())
        looking = opened_retriever(collections_at_hand(self._workflow), clock, Random())
        try:
            with stop_on_signals() as stop:
                async with self._services(asking) as answers, sources as fetcher, looking as retriever:
                    trying = partial(
                        Trying,
                        self._workflow,
                        renderer=Renderer(max_templates=_TEMPLATES, max_work=_TEMPLATE_WORK),
                        judge=self._judge,
                        workshop=workshop,
                        fetcher=fetcher,
                        retriever=retriever,
                        tenant=self._request.tenant or "default",
                        timeout_s=self._request.timeout_s,
                        clock=clock,
                    )
                    asked, unasked = trying(answering=answers), trying(answering=nobody)
                    pairs = [(case, asked if case.name in asking else unasked) for case in cases]
                    return await self._side_by_side(pairs, stop)
        finally:
            workshop.close()

    @asynccontextmanager
    async def _services(self, asking: Sequence[str]) -> AsyncIterator[Answers]:
        """Reach the services, if any case asks them."""
        if not asking:
            yield nobody
            return
        cluster = named_cluster()
        async with opened(cluster) as log:
            try:
                partitions = await partitions_of_the_entry(log, cluster, self._screen, self._request.patience_s)
            except WorkFailed as failed:
                named = ", ".join(asking[:5]) + (" and others" if len(asking) > 5 else "")
                hint = f"{failed.hint}; or answer for all steps that ask a model, under `answers` or `given` of {named}"
                raise WorkFailed(failed.message, hint) from failed

            def answers(run: str) -> AbstractAsyncContextManager[Answering]:
                return asking_on(
                    log,
                    run=run,
                    workflow=self._workflow.name,
                    fields={"tenant": self._request.tenant},
                    namespace=cluster.namespace,
                    partitions=partitions,
                )

            yield answers

    async def _side_by_side(self, cases: Sequence[tuple[CaseEntry, Trying]], stop: asyncio.Event) -> list[Result]:
        room, ended = asyncio.Semaphore(self._request.concurrency), 0
        with self._screen.progress(f"testing {self._workflow.name}", len(cases)) as meter:

            async def attempt(case: CaseEntry, trying: Trying) -> Result:
                nonlocal ended
                async with room:
                    result = await trying.attempt(case, f"{self._request.run}-{case.name}", stop)
                ended += 1
                meter.update(ended)
                return self._held(case, result)

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(attempt(*each)) for each in cases]
        return [task.result() for task in tasks]

    def _held(self, case: CaseEntry, result: Result) -> Result:
        """Hold a result against its golden one, or with --update make it that, if all else is as expected."""
        if not case.expect.golden or result.golden is None:
            return result
        if self._request.update and result.verdict == "passed":
            try:
                return replace(result, updated=self._goldens.write(case.name, result.golden))
            except OSError as error:
                raise WorkFailed(f"{self._goldens.path(case.name)}: cannot be written: {error.strerror}") from error
        found = self._goldens.difference(case.name, result.golden)
        if found is None:
            return result
        remedy = "stays as it is, since not all else is as expected" if self._request.update else "`--update` takes it"
        told = replace(found, message=f"{found.message}; {remedy}")
        return replace(result, verdict="failed", differences=(*result.differences, told))


def _tell(workflow: str, results: Sequence[Result], screen: Screen) -> None:
    if screen.as_json:
        for each in results:
            screen.data(as_json(each))
        return
    screen.write(shown(results))
    good = all(each.verdict == "passed" for each in results)
    screen.say(conclusion(workflow, results), "green" if good else "red")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise WorkFailed(f"{path}: cannot be written: {error.strerror}") from error
