"""Questions of a workflow that is run from the command line: whom they ask, and what is told where nobody can be."""

import asyncio
from pathlib import Path

import pytest

from headchef_contracts import topics
from headchef_contracts.events.common import Event
from headchef_contracts.events.jobs import JobRefused
from headchef_contracts.events.steps import StepPlanned

from headchef.cli.following.feed import open_feed
from headchef.cli.workflows.asking import Asking
from headchef.runtime.log.memory import MemoryLog
from headchef.runtime.log.port import Partition
from headchef.runtime.processor import Emit
from headchef.workflow.progress import Ask, Lost
from tests.cli.clusters import NAMESPACE, make_log, put_event
from tests.router.conftest import Door, make_catalogue
from tests.workflow.progress.jobs import begun, workflow

COUNT = topics.topic("jobs.submitted").partitions


async def asked(log: MemoryLog, folder: Path, who: str) -> Asking:
    """Publish the job of a workflow's one question, which asks whom this says."""
    _, todo = begun(workflow(folder, f"  - {{id: last, llm: {{text: x, {who}}}}}"))
    producer = log.producer("test", None)
    await producer.start()
    feed = await open_feed(log, NAMESPACE, "now")
    asking = Asking(
        run="run", workflow="w@1", fields={}, producer=producer, feed=feed, namespace=NAMESPACE, partitions=COUNT
    )
    await asking.ask([work for work in todo if isinstance(work, Ask)], asyncio.Event())
    return asking


async def routed(log: MemoryLog) -> Event:
    """Give what a router, whose catalogue has one tier, makes of the one job at its door."""
    entry = topics.physical(NAMESPACE, "jobs.submitted")
    reader = await log.reader("test")
    await reader.assign({Partition(entry, number): 0 for number in range(COUNT)})
    found = await reader.poll([Partition(entry, number) for number in range(COUNT)], max_records=2, timeout_s=5)
    [record] = [record for records in found.values() for record in records]
    door = Door(make_catalogue(tiers={"cheap": ("large", "small")}))
    outcome = await door.submit(record.value, partition=record.partition, partitions=COUNT)
    [event] = [output.event for output in outcome.outputs if isinstance(output, Emit)]
    return event


async def test_a_question_by_tier_is_asked_of_its_models(tmp_path: Path) -> None:
    log = make_log()
    await asked(log, tmp_path, "tier: cheap")
    event = await routed(log)
    assert isinstance(event, StepPlanned)
    assert (event.step.request.model, event.step.candidates) == ("large", ("small",))


@pytest.mark.parametrize(
    ("who", "message"),
    [
        ("tier: cheep", "tier: the catalogue has no tier 'cheep'; did you mean cheap?"),
        ("model: gone", "model: the catalogue has no model 'gone'; it has small, large"),
    ],
)
async def test_who_is_not_in_the_catalogue_is_named_with_the_field_and_what_there_is(
    tmp_path: Path, who: str, message: str
) -> None:
    log = make_log()
    asking = await asked(log, tmp_path, who)
    refused = await routed(log)
    assert isinstance(refused, JobRefused)
    await put_event(log, "jobs.refused", refused, b"run.last")
    unit, outcome, result = await anext(asking.answers())
    assert (str(unit), outcome, result) == ("last", Lost("refused", message), None)
