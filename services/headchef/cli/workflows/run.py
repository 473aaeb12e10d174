"""Carries out `headchef workflow run`: one job through its workflow, with the services that run elsewhere."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import orjson

from headchef.checks import installed as installed_checks
from headchef.cli.amounts import dollars
from headchef.cli.cluster import Cluster, named_cluster, opened
from headchef.cli.collecting.described import Described
from headchef.cli.faults import WorkFailed, WrongUsage
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.screen import Screen
from headchef.cli.submission.running import partitions_of_the_entry
from headchef.cli.workflows.asking import asking_on
from headchef.cli.workflows.conducting import Conductor
from headchef.cli.workflows.decider import Decider
from headchef.cli.workflows.looking import collections_of, opened_retriever
from headchef.cli.workflows.people import AtTerminal, Reviewing, reviewing
from headchef.cli.workflows.tally import Tally
from headchef.cli.workflows.values import check_runnable, given_of, input_of
from headchef.functions import Workshop
from headchef.functions import installed as installed_functions
from headchef.retrieval.retriever import Retriever
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.port import Log
from headchef.runtime.settings import load as load_settings
from headchef.schema import SchemaCache
from headchef.sources.fetcher import Fetcher, open_fetcher
from headchef.sources.settings import SourceSettings
from headchef.template import Renderer
from headchef.workflow import BadWorkflow, load
from headchef.workflow.progress import Ending, Judge, Progress

_PROCESSES = 2
_TEMPLATES = 256
_TEMPLATE_WORK = 4_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run.

    Attributes:
        file: the workflow.
        values: the input, as JSON or @FILE.
        given: outputs that stand in for steps, as STEP=JSON or STEP=@FILE.
        run: starts the ids of the jobs that the questions become, and is their batch.
        fields: of all these jobs, such as their tenant; None leaves one out.
        output: where the output goes; None for standard output.
        timeout_s: seconds in which nothing comes, after which it is given up.
        patience_s: seconds to wait for Kafka.
        as_json: one JSON value on standard output.
        decider: who decides about reviews; None: whoever is at the terminal, or what holds if nobody decides.
    """

    file: Path
    values: str | None
    given: Sequence[str]
    run: str
    fields: Mapping[str, str | None]
    output: Path | None
    timeout_s: float
    patience_s: float
    as_json: bool
    decider: Decider | None = None


def run(request: Request) -> None:
    """Run a workflow.

    Raises:
        WrongUsage: the workflow or what is given to it cannot be used; nothing was paid for.
        WorkFailed: the job failed, or was interrupted.
    """
    try:
        workflow = load(request.file)
    except BadWorkflow as bad:
        raise WrongUsage(f"{request.file} cannot be used\n{bad}") from bad
    judge = Judge(SchemaCache(_TEMPLATES), installed_checks())
    given = given_of(request.given, workflow, judge)
    check_runnable(workflow, given, installed_functions())
    collections = collections_of(workflow, given)
    progress = Progress(
        workflow,
        input_of(request.values, workflow, judge),
        renderer=Renderer(max_templates=_TEMPLATES, max_work=_TEMPLATE_WORK),
        judge=judge,
        given=given,
    )
    screen, tally = Screen(as_json=request.as_json), Tally(workflow)
    people = reviewing(request.decider, screen.say, judge)
    asyncio.run(_Run(request, workflow.name, progress, collections, judge, people, tally, screen).lead(named_cluster()))
    _tell(request, progress, tally, screen)


class _Run:
    def __init__(
        self,
        request: Request,
        name: str,
        progress: Progress,
        collections: Described | None,
        judge: Judge,
        people: Reviewing,
        tally: Tally,
        screen: Screen,
    ) -> None:
        self._request = request
        self._name = name
        self._progress = progress
        self._collections = collections
        self._judge = judge
        self._people = people
        self._tally = tally
        self._screen = screen

    async def lead(self, cluster: Cluster) -> None:
        workshop = Workshop(_PROCESSES)
        sources = open_fetcher(load_settings(SourceSettings), SystemClock(), Random())
        looking = opened_retriever(self._collections, SystemClock(), Random())
        try:
            with stop_on_signals() as stop:
                async with opened(cluster) as log, sources as fetcher, looking as retriever:
                    partitions = await partitions_of_the_entry(log, cluster, self._screen, self._request.patience_s)
                    await self._lead(log, cluster.namespace, partitions, workshop, fetcher, retriever, stop)
        finally:
            workshop.close()

    async def _lead(
        self,
        log: Log,
        namespace: str,
        partitions: int,
        workshop: Workshop,
        fetcher: Fetcher,
        retriever: Retriever,
        stop: asyncio.Event,
    ) -> None:
        asking_services = asking_on(
            log,
            run=self._request.run,
            workflow=self._name,
            fields=self._request.fields,
            namespace=namespace,
            partitions=partitions,
        )
        async with asking_services as asking:
            # A bar would move under the hands of whoever is asked.
            steps = self._progress.workflow.steps.values()
            asks = isinstance(self._people, AtTerminal) and any(step.human is not None for step in steps)
            with self._screen.progress(f"running {self._name}", quiet=asks) as meter:
                ended = 0

                def told(*about: Any) -> None:
                    nonlocal ended
                    ended += 1
                    self._tally.add(*about)
                    under_way = ", ".join(sorted({unit.step for unit in self._progress.under_way}))
                    meter.update(ended, note=under_way)

                conductor = Conductor(
                    self._progress,
                    answering=asking,
                    workshop=workshop,
                    fetcher=fetcher,
                    retriever=retriever,
                    tenant=self._request.fields.get("tenant") or "default",
                    judge=self._judge,
                    reviewing=self._people,
                    told=told,
                    timeout_s=self._request.timeout_s,
                )
                if not await conductor.lead(stop):
                    raise WorkFailed(
                        "interrupted; what was asked goes on and is paid for",
                        f"`headchef cancel --batch {self._request.run}` ends what has not begun",
                    )


def _tell(request: Request, progress: Progress, tally: Tally, screen: Screen) -> None:
    ending = progress.ending
    if ending is None:
        raise AssertionError("a run ends with its job, or with an error")
    if screen.as_json:
        screen.data(_as_json(request, ending, progress, tally))
    else:
        screen.err.print(tally.shown(progress))
        unknown = f", and {tally.unpriced} questions of unknown cost" if tally.unpriced else ""
        screen.say(f"{ending.status}, {dollars(tally.cost_usd)}{unknown}")
        screen.say(f"`headchef results --batch {request.run}` lists what was asked", "dim")
        for step in progress.workflow.steps.values():
            if step.reserve is not None:
                screen.say(f"{step.id}: nothing was reserved, and nobody asked who has it; jobs do that", "yellow")
        for finding in ending.findings:
            screen.say(f"{finding.path or '/'}: {finding.message}", "yellow")
    if ending.status != "failed" and (request.output is not None or not screen.as_json):
        _write(request.output, ending.output)
    if ending.why is not None:
        raise WorkFailed(f"{ending.failed or 'the result'} failed: {ending.why.reason}: {ending.why.message}")
    if ending.status == "rejected":
        raise WorkFailed("the output breaks the schema of the result")


def _as_json(request: Request, ending: Ending, progress: Progress, tally: Tally) -> dict[str, Any]:
    return {
        "run": request.run,
        "status": ending.status,
        "output": ending.output,
        "findings": [finding.model_dump() for finding in ending.findings],
        "lost": [{"unit": str(unit), "reason": lost.reason, "message": lost.message} for unit, lost in progress.losses],
        "cost_usd": format(tally.cost_usd, "f"),
        "steps": tally.as_json(),
    }


def _write(path: Path | None, output: Any) -> None:
    """Write an output: a text as it is, anything else as JSON."""
    text = output if isinstance(output, str) else orjson.dumps(output, option=orjson.OPT_INDENT_2).decode()
    if path is None:
        print(text)  # noqa: T201 data, which no screen may wrap
        return
    try:
        path.write_text(f"{text}\n", "utf-8")
    except OSError as error:
        raise WorkFailed(f"{path}: cannot be written: {error.strerror}") from error
