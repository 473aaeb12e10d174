"""Jobs that are run again, for tests of further runs, and who answers some of their questions and loses others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from headchef_contracts.events.calls import CallFailure, CallPlanned
from headchef_contracts.events.fetches import FetchFailure, FetchPlanned
from headchef_contracts.events.jobs import Failure, JobFinished
from headchef_contracts.events.retrievals import RetrievalFailure, RetrievalPlanned
from headchef_contracts.events.steps import StepPlanned

from tests.router.leading.kitchen import Kitchen, echo, ended, written

STEPS = """
  - {id: page, http: {get: "https://pim.example.com/", allow_hosts: [pim.example.com]}}
  - {id: outline, llm: {text: "of {{ page }}", with: {page: "{{ steps.page }}"}}, cache: bypass}
  - id: parts
    for_each: {in: "{{ input.items }}", as: item, concurrency: 10, key: id}
    llm: {text: "{{ outline }} {{ item.id }}", with: {outline: "{{ steps.outline }}", item: "{{ item }}"}}
  - {id: title, llm: {text: "title"}, on_error: continue_with, continue_with: "Untitled"}
  - {id: end, llm: {text: "end of {{ title }}", with: {title: "{{ steps.title }}"}}}
  - id: last
    python: {call: tests.join, with: {parts: "{{ steps.parts }}", title: "{{ steps.title }}", end: "{{ steps.end }}"}}
"""
ITEMS = {"items": [{"id": name} for name in "abc"]}


class Oven:
    """Answers questions, but for those that are lost just now, and counts what it is asked."""

    def __init__(self, *lost: str) -> None:
        self.lost = set(lost)
        self.asked: list[str] = []

    def __call__(self, planned: Any) -> Any:
        name = planned.step.step_id if isinstance(planned, StepPlanned) else planned.step_id
        item = planned.step.item if isinstance(planned, StepPlanned) else planned.item
        unit = name if item is None else f"{name}[{item}]"
        self.asked.append(unit)
        if unit in self.lost:
            if isinstance(planned, CallPlanned):
                return CallFailure(reason="timeout", message="30 s")
            if isinstance(planned, RetrievalPlanned):
                return RetrievalFailure(reason="timeout", message="60 s")
            lost = FetchFailure if isinstance(planned, FetchPlanned) else Failure
            return lost(reason="timeout", message="30 s")
        return ended(output=echo(planned)) if isinstance(planned, StepPlanned) else echo(planned)


async def run(kit: Kitchen, number: int, values: Any = ITEMS, **fields: Any) -> JobFinished:
    await kit.submit(values, run=number, **fields)
    while kit.open:
        await kit.serve()
    return kit.finished[-1]


async def kitchen(folder: Path, oven: Callable[[Any], Any], steps: str = STEPS, **how: Any) -> Kitchen:
    kit = Kitchen(oven, **how)
    await kit.publish(written(folder, steps))
    return kit
