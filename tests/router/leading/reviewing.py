"""Jobs that wait for a person, and what people decide about them, for tests of reviews."""

from pathlib import Path
from typing import Any

from headchef.runtime.processor import Timer
from tests.router.leading.kitchen import Kitchen, echo, written

WITHIN_S = 600
SCHEMA = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
PAGE = {"title": "Ghent"}


def steps(otherwise: str = "needs_review", *, more: str = "") -> str:
    return f"""
  - {{id: first, llm: {{text: "one"}}}}
  - id: look
    human: {{review: "{{{{ input.page }}}}", within: {WITHIN_S}, otherwise: {otherwise}}}
    output: {{schema: page.v1}}
    checks: [{{check: chars, path: title, max: 10}}]
    {more}
  - {{id: last, llm: {{text: "{{{{ all }}}}", with: {{all: "{{{{ steps.first }}}} {{{{ steps.look.title }}}}"}}}}}}
"""


async def kitchen(folder: Path, text: str | None = None, answer: Any = echo) -> Kitchen:
    made = Kitchen(answer)
    await made.publish(written(folder, steps() if text is None else text, page_v1=SCHEMA))
    return made


async def waiting(folder: Path, text: str | None = None, **fields: Any) -> Kitchen:
    """Give a router with one job that waits for a person alone."""
    kit = await kitchen(folder, text)
    await kit.submit({"page": PAGE}, **fields)
    while kit.open:
        await kit.serve()
    return kit


def decision(verdict: str = "approve", **fields: Any) -> dict[str, Any]:
    return {"command_id": "c-1", "job_id": "job-1", "step_id": "look", "verdict": verdict, "by": "ann@desk"} | fields


def edit(title: Any, **fields: Any) -> dict[str, Any]:
    return decision("edit", document={"inline": {"title": title}}, **fields)


def rings(kit: Kitchen) -> list[Timer]:
    """Give the timers of reviews that are set."""
    return [each for each in kit.timers.values() if "review" in each.id]


async def rung(kit: Kitchen) -> None:
    """Let the time of the review pass."""
    [timer] = rings(kit)
    kit.door.clock.advance((timer.due - kit.door.clock.now()).total_seconds())
    await kit.ring(timer)
