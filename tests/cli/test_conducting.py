"""One job is led through its workflow: questions are answered elsewhere, functions and audits here, until it ends."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rich.console import Console

from headchef.cli.faults import WorkFailed
from headchef.cli.workflows.conducting import Conductor, Told
from headchef.cli.workflows.decider import Decider
from headchef.cli.workflows.people import Always, Reviewing
from headchef.cli.workflows.tally import Tally
from headchef.embedding import HashedEmbedder
from headchef.functions import CallFailed, Workshop
from headchef.retrieval.collection import Collection, LoadedText
from headchef.retrieval.form import CollectionEntry
from headchef.retrieval.retriever import Retriever
from headchef.runtime.clock import SystemClock
from headchef.workflow import Workflow
from headchef.workflow.progress import Ask, Came, Lost, Outcome, Progress, Review
from tests.cli.builders import make_finished
from tests.qdrant.memory_points import MemoryPoints
from tests.sources.fetching import fetching
from tests.sources.site import answer, serving
from tests.support.builders import make_tried
from tests.workflow.progress.jobs import JUDGE, fresh, workflow

STEPS = """
  - {id: parts, for_each: {in: "{{ input.names }}", as: name}, llm: {text: "{{ name }}", with: {name: "{{ name }}"}}}
  - {id: joined, python: {call: join, with: {parts: "{{ steps.parts }}"}}}
  - {id: seen, audit: {target: "{{ steps.joined }}", rules: [{check: chars, max: 3}]}}
  - {id: last, python: {call: join, with: {parts: ["{{ steps.joined }}", "{{ steps.seen.score }}"]}}}"""


class Oracle:
    """Answers questions, each once it has been asked."""

    def __init__(self, answer: Callable[[Ask], Outcome | None]) -> None:
        self.asked: list[Ask] = []
        self._answer = answer
        self._answers: asyncio.Queue[Told] = asyncio.Queue()

    async def ask(self, asks: Sequence[Ask], stop: asyncio.Event) -> None:
        del stop
        self.asked += asks
        for ask in asks:
            if (outcome := self._answer(ask)) is not None:
                result = make_finished(ask.prompt, tried=(make_tried("small", "rejected"),))
                self._answers.put_nowait((ask.unit, outcome, result))

    async def answers(self) -> AsyncIterator[Told]:
        while True:
            yield await self._answers.get()


class Bench(Workshop):
    """Joins texts, in this process."""

    def __init__(self) -> None:
        super().__init__(1)

    async def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:
        if name != "join":
            raise CallFailed("raised", f"{name} is not here")
        return "-".join(map(str, arguments["parts"]))


@asynccontextmanager
async def conducting(
    progress: Progress,
    oracle: Oracle,
    tally: Tally,
    timeout_s: float = 60,
    people: Reviewing | None = None,
    guides: Collection | None = None,
) -> AsyncIterator[Conductor]:
    async with fetching() as fetcher:
        yield Conductor(
            progress,
            answering=oracle,
            workshop=Bench(),
            fetcher=fetcher,
            retriever=Retriever({} if guides is None else {"guides": guides}, SystemClock(), Random(1)),
            tenant="ours",
            judge=JUDGE,
            reviewing=people or Always(Decider.OTHERWISE),
            told=tally.add,
            timeout_s=timeout_s,
        )


async def led(
    flow: Workflow, values: Any, answer: Callable[[Ask], Outcome | None], timeout_s: float = 60
) -> tuple[Progress, Tally, Oracle]:
    progress, oracle, tally = fresh(flow, values), Oracle(answer), Tally(flow)
    async with conducting(progress, oracle, tally, timeout_s) as conductor:
        assert await conductor.lead(asyncio.Event())
    return progress, tally, oracle


async def test_all_kinds_of_steps_are_done_and_counted(tmp_path: Path) -> None:
    flow = workflow(tmp_path, STEPS)
    progress, tally, oracle = await led(flow, {"names": ["a", "b"]}, lambda ask: Came(ask.prompt.upper()))
    assert [ask.prompt for ask in oracle.asked] == ["a", "b"]
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("ok", "A-B-100.0")
    rows = {row["step"]: row for row in tally.as_json()}
    assert (rows["parts"]["came"], rows["parts"]["repaired"], rows["parts"]["cost_usd"]) == (2, 2, "0.0024")
    assert (rows["joined"]["came"], rows["joined"]["models"]) == (1, [])


async def test_what_is_lost_ends_the_job(tmp_path: Path) -> None:
    flow = workflow(tmp_path, STEPS)
    progress, tally, _ = await led(flow, {"names": ["a"]}, lambda _: Lost("timeout", "30 s"))
    assert progress.ending is not None
    assert progress.ending.why is not None
    assert progress.ending.why.message == "1 of 1 items failed, and at most 0 may: 0: 30 s"
    assert [row["lost"] for row in tally.as_json()] == [1, 0, 0, 0]


async def test_a_function_that_fails_is_lost(tmp_path: Path) -> None:
    flow = workflow(tmp_path, "  - {id: last, python: {call: other}}")
    progress, _, _ = await led(flow, {}, lambda _: None)
    assert progress.ending is not None
    assert progress.ending.why == Lost("raised", "other is not here")


async def test_documents_are_fetched_and_their_sources_counted(tmp_path: Path) -> None:
    async with serving() as site:
        address = site.at("/facts", answer("sku,price\na1,5\n", content_type="text/csv"))
        steps = f"""
  - id: facts
    for_each: {{in: "{{{{ input.of }}}}", as: it}}
    http: {{get: "{address}?of={{{{ it }}}}", allow_hosts: ["127.0.0.1:{site.port}"], as: csv}}
    checks: [{{check: array_len, min: 1}}]
  - {{id: last, python: {{call: join, with: {{parts: "{{{{ steps.facts[0] }}}}"}}}}}}"""
        progress, tally, _ = await led(workflow(tmp_path, steps), {"of": ["x", "y"]}, lambda _: None)
    assert progress.ending is not None
    assert progress.ending.output == "{'sku': 'a1', 'price': '5'}"
    assert sorted(site.paths) == ["/facts?of=x", "/facts?of=y"]
    digest = hashlib.sha256(b"sku,price\na1,5\n").hexdigest()
    source = {"address": address, "sha256": digest, "size_bytes": 15, "content_type": "text/csv"}
    sources = sorted(tally.as_json()[0]["sources"], key=lambda each: str(each["unit"]))
    assert sources == [{"unit": "facts[0]", **source}, {"unit": "facts[1]", **source}]
    page = io.StringIO()
    Console(width=200, file=page).print(tally.shown(progress))
    assert f"{address}, 30 bytes" in page.getvalue()


async def test_collections_are_looked_into_and_what_was_found_is_counted(tmp_path: Path) -> None:
    entry = CollectionEntry.model_validate({"folder": "data", "tenant_field": "tenant", "hashed": {}})
    guides = Collection(entry, HashedEmbedder(64), MemoryPoints(64))
    await guides.put([LoadedText("lisbon", "Flats in Lisbon", {"locale": "en"})], "ours")
    await guides.put([LoadedText("lisbon", "Theirs in Lisbon", {"locale": "en"})], "theirs")
    steps = """
  - {id: near, retrieve: {collection: guides, query: "{{ input.place }}", filter: {locale: en}}}
  - {id: none, retrieve: {collection: none, query: "a"}, on_error: continue_with, continue_with: {documents: []}}
  - {id: last, python: {call: join, with: {parts: ["{{ steps.near.documents[0].text }}", "{{ steps.none }}"]}}}"""
    flow = workflow(tmp_path, steps)
    progress, tally = fresh(flow, {"place": "Lisbon"}), Tally(flow)
    async with conducting(progress, Oracle(lambda _: None), tally, guides=guides) as conductor:
        assert await conductor.lead(asyncio.Event())
    assert progress.ending is not None
    assert progress.ending.output == "Flats in Lisbon-{'documents': []}"
    near, none, _ = tally.as_json()
    document = {"id": "lisbon", "sha256": hashlib.sha256(b"Flats in Lisbon").hexdigest()}
    assert near["retrieved"] == [{"unit": "near", "collection": "guides", "documents": [document]}]
    assert (none["lost"], none["retrieved"]) == (1, [])
    page = io.StringIO()
    Console(width=200, file=page).print(tally.shown(progress))
    assert "guides, 1 texts" in page.getvalue()


async def test_a_value_is_given_to_a_run_and_held_for_nobody(tmp_path: Path) -> None:
    flow = workflow(tmp_path, '  - {id: last, reserve: {site: s, name: title, value: "{{ input.title }}"}}')
    for _ in range(2):
        progress, tally, _ = await led(flow, {"title": "Best of Ghent"}, lambda _: None)
        assert progress.ending is not None
        assert (progress.ending.status, progress.ending.output) == ("ok", "Best of Ghent")
        assert tally.as_json()[0]["came"] == 1


async def test_a_document_that_cannot_be_had_is_lost(tmp_path: Path) -> None:
    flow = workflow(tmp_path, '  - {id: last, http: {get: "{{ input.url }}", allow_hosts: [a.example]}}')
    progress, tally, _ = await led(flow, {"url": "http://b.example/x?token=s"}, lambda _: None)
    assert progress.ending is not None
    assert progress.ending.why == Lost("host_not_allowed", "b.example is not in `allow_hosts`; name it there")
    assert tally.as_json()[0]["sources"] == []


async def test_a_document_that_its_checks_refuse_is_lost_and_its_source_told(tmp_path: Path) -> None:
    async with serving() as site:
        address = site.at("/facts", answer("[1]", content_type="application/json"))
        http = f'{{get: "{address}", allow_hosts: ["127.0.0.1:{site.port}"]}}'
        flow = workflow(tmp_path, f"  - {{id: last, http: {http}, checks: [{{check: array_len, min: 2}}]}}")
        progress, tally, _ = await led(flow, {}, lambda _: None)
    assert progress.ending is not None
    assert progress.ending.why is not None
    assert progress.ending.why.reason == "rejected"
    assert tally.as_json()[0]["sources"][0]["address"] == address


async def test_it_is_given_up_where_nothing_comes(tmp_path: Path) -> None:
    flow = workflow(tmp_path, "  - {id: last, llm: {text: x}}")
    with pytest.raises(WorkFailed, match=r"nothing came for 0\.05 s; under way: last"):
        await led(flow, {}, lambda _: None, timeout_s=0.05)


async def test_it_stops_when_it_is_told_to(tmp_path: Path) -> None:
    flow = workflow(tmp_path, "  - {id: last, llm: {text: x}}")
    progress = fresh(flow)
    stop = asyncio.Event()
    oracle = Oracle(lambda _: stop.set())
    async with conducting(progress, oracle, Tally(flow)) as conductor:
        assert not await conductor.lead(stop)
    assert progress.ending is None


async def test_a_reader_that_fails_is_not_waited_for(tmp_path: Path) -> None:
    class Broken(Oracle):
        async def answers(self) -> AsyncIterator[Told]:
            raise WorkFailed("cannot be read")
            yield

    flow = workflow(tmp_path, "  - {id: last, llm: {text: x}}")
    progress = fresh(flow)
    async with conducting(progress, Broken(lambda _: None), Tally(flow)) as conductor:
        with pytest.raises(WorkFailed, match="cannot be read"):
            await conductor.lead(asyncio.Event())


async def test_a_person_has_as_long_as_it_takes(tmp_path: Path) -> None:
    class Slow(Always):
        async def decide(self, review: Review) -> Outcome:
            await asyncio.sleep(0.2)
            return Came(f"{review.document}, seen")

    flow = workflow(tmp_path, "  - {id: last, human: {review: 'a page', within: 60, otherwise: reject}}")
    progress, tally = fresh(flow), Tally(flow)
    async with conducting(progress, Oracle(lambda _: None), tally, 0.01, Slow(Decider.OTHERWISE)) as conductor:
        assert await conductor.lead(asyncio.Event())
    assert progress.ending is not None
    assert (progress.ending.status, progress.ending.output) == ("ok", "a page, seen")
