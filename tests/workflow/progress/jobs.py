"""Workflows written in a test, and jobs that go through them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import orjson

from headchef.checks import installed
from headchef.schema import SchemaCache
from headchef.template import Renderer
from headchef.workflow import Workflow, load
from headchef.workflow.progress import (
    Ask,
    Audit,
    Call,
    Came,
    Fetch,
    Judge,
    Outcome,
    Progress,
    Reserve,
    Retrieve,
    Review,
    Work,
)

JUDGE = Judge(SchemaCache(8), installed())


def workflow(
    folder: Path, steps: str, result: str = "{{ steps.last }}", schemas: Mapping[str, Any] | None = None, more: str = ""
) -> Workflow:
    """Load a workflow of these steps, in YAML."""
    (folder / "schemas").mkdir(exist_ok=True)
    for name, schema in (schemas or {}).items():
        (folder / f"schemas/{name}.json").write_bytes(orjson.dumps(schema))
    path = folder / "w.yaml"
    path.write_text(f"workflow: w\nversion: 1\n{more}\nsteps:\n{steps}\nresult: {{from: '{result}'}}\n")
    return load(path)


def fresh(flow: Workflow, values: Any = None, **given: Any) -> Progress:
    """Give a job that has not begun."""
    renderer = Renderer(max_templates=64, max_work=1_000_000)
    return Progress(flow, values or {}, renderer=renderer, judge=JUDGE, given=given)


def begun(flow: Workflow, values: Any = None, **given: Any) -> tuple[Progress, list[Work]]:
    """Begin a job."""
    progress = fresh(flow, values, **given)
    return progress, progress.begin()


def done(progress: Progress, todo: list[Work], outcome: Callable[[Work], Outcome], chance: Random) -> list[Work]:
    """Do what there is to be done, in any order, until the job ends; give all of it as it was given out."""
    given_out, left = list(todo), list(todo)
    while left:
        work = left.pop(chance.randrange(len(left)))
        more = progress.ended(work.unit, outcome(work))
        given_out += more
        left += more
    return given_out


def echoed(work: Work) -> Outcome:
    """Give back what a unit was asked."""
    match work:
        case Ask():
            return Came(work.prompt)
        case Call():
            return Came({"called": work.function, **work.arguments})
        case Audit():
            return Came(JUDGE.audited(work))
        case Fetch():
            return Came(work.wanted.address)
        case Reserve():
            return Came(work.value)
        case Review():
            return Came(work.document)
        case Retrieve():
            return Came({"documents": []})
