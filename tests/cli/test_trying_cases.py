"""One case is led to its end: what it took is counted, and what keeps it from its end is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from headchef.cli.faults import WorkFailed
from headchef.cli.workflows.conducting import Answering, Told
from headchef.cli.workflows.testing.result import Result
from headchef.cli.workflows.testing.trying import Trying, nobody
from headchef.functions import Workshop
from headchef.retrieval.retriever import Retriever
from headchef.template import Renderer
from headchef.workflow import Workflow
from headchef.workflow.cases import CaseEntry
from headchef.workflow.progress import Ask, Came
from tests.cli.builders import make_finished
from tests.sources.fetching import fetching
from tests.support.manual_clock import ManualClock
from tests.workflow.cases.guides import ANSWERS, case, guide
from tests.workflow.progress.jobs import JUDGE, workflow


class Services:
    """Answers questions as a test says.

    Attributes:
        runs: the names of the runs that were opened.
    """

    def __init__(self, answer: Callable[[Ask], Any]) -> None:
        self.runs: list[str] = []
        self._answer = answer
        self._answers: asyncio.Queue[Told] = asyncio.Queue()

    @asynccontextmanager
    async def opened(self, run: str) -> AsyncIterator[Answering]:
        self.runs.append(run)
        yield self

    async def ask(self, asks: Sequence[Ask], stop: asyncio.Event) -> None:
        for ask in asks:
            answer = self._answer(ask)
            if answer is None:
                stop.set()
            else:
                self._answers.put_nowait((ask.unit, Came(answer), make_finished(ask.prompt)))

    async def answers(self) -> AsyncIterator[Told]:
        while True:
            yield await self._answers.get()


class Joining(Workshop):
    """Joins texts, in this process."""

    def __init__(self) -> None:
        super().__init__(1)

    async def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:
        return " ".join(arguments["parts"])


async def tried(
    folder: Path,
    entry: CaseEntry,
    answering: Callable[[str], Any] = nobody,
    stop: asyncio.Event | None = None,
    flow: Workflow | None = None,
) -> Result:
    async with fetching() as fetcher:
        trying = Trying(
            flow or guide(folder),
            renderer=Renderer(max_templates=64, max_work=1_000_000),
            judge=JUDGE,
            workshop=Joining(),
            fetcher=fetcher,
            retriever=Retriever({}, ManualClock(), Random(1)),
            tenant="default",
            answering=answering,
            timeout_s=60,
            clock=ManualClock(),
        )
        return await trying.attempt(entry, "run", stop or asyncio.Event())


async def test_a_case_that_answers_all_needs_nobody(tmp_path: Path) -> None:
    entry = case(expect={"equals": {"": "Boats. Stones. 0.0"}, "most": {"questions": 3}})
    result = await tried(tmp_path, entry)
    assert (result.verdict, result.used.questions, result.used.tokens) == ("passed", 3, 0)


async def test_what_was_asked_is_counted_with_what_it_cost(tmp_path: Path) -> None:
    entry = case(answers={"outline": ANSWERS["outline"]}, expect={"most": {"usd": "0.002"}})
    services = Services(lambda ask: ask.prompt)
    result = await tried(tmp_path, entry, services.opened)
    assert (services.runs, result.used.questions, result.used.tokens) == (["run"], 3, 300)
    assert result.headline == "most.usd: it cost 0.0024, and at most 0.002 was expected"
    assert (result.verdict, result.status) == ("failed", "ok")


async def test_an_item_without_an_answer_is_an_error_of_the_case(tmp_path: Path) -> None:
    result = await tried(tmp_path, case(answers={**ANSWERS, "sections": {"canals": "x"}}))
    assert (result.verdict, result.status) == ("error", "")
    assert result.headline.startswith("the case has no answer for sections[towers]")


async def test_a_question_that_cannot_be_sent_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    def refuse(_: Ask) -> Any:
        raise WorkFailed("not all questions could be sent", "look at the broker")

    result = await tried(tmp_path, case(answers={}), Services(refuse).opened)
    assert (result.verdict, result.account) == ("error", "not all questions could be sent\nlook at the broker")


@pytest.mark.parametrize("before", [True, False])
async def test_an_interruption_ends_it_and_says_what_goes_on(tmp_path: Path, before: bool) -> None:
    stop = asyncio.Event()
    if before:
        stop.set()
    result = await tried(tmp_path, case(answers={}), Services(lambda _: None).opened, stop)
    assert result.verdict == "interrupted"
    expected = "interrupted before it began" if before else "interrupted; `headchef cancel --batch run` ends what was"
    assert result.error.startswith(expected)


@pytest.mark.parametrize(
    ("about", "expect"),
    [
        ({}, {"status": "needs_review", "equals": {"": "a page"}}),
        ({"answers": {"last": "a better page"}}, {"status": "ok", "equals": {"": "a better page"}}),
        ({"fails": {"last": "review_rejected"}}, {"status": "failed", "step": "last", "reason": "review_rejected"}),
    ],
)
async def test_a_case_may_decide_for_a_person_and_else_nobody_decides(
    tmp_path: Path, about: dict[str, Any], expect: dict[str, Any]
) -> None:
    flow = workflow(tmp_path, "  - {id: last, human: {review: 'a page', within: 60, otherwise: needs_review}}")
    entry = case(**{"input": {}, "answers": {}, "expect": expect, **about})
    assert (await tried(tmp_path, entry, flow=flow)).verdict == "passed"
