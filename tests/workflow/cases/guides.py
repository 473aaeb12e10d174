"""A workflow about cities, with a text for each section, and cases of it."""

from pathlib import Path
from typing import Any

from headchef.template import Renderer
from headchef.workflow import Workflow
from headchef.workflow.cases import CaseEntry, Rehearsal
from tests.workflow.progress.jobs import JUDGE, workflow

STEPS = """
  - {id: outline, llm: {text: "Plan {{ input.city }}", tier: small}, output: {schema: outline.v1}}
  - id: sections
    for_each: {in: "{{ steps.outline.sections }}", as: section, key: id}
    llm: {text: "About {{ section.id }}", with: {section: "{{ section }}"}}
    checks: [{check: chars, max: 20}]
    on_error: drop
  - {id: joined, python: {call: guide.join, with: {parts: "{{ steps.sections }}"}}}
  - {id: seen, audit: {target: "{{ steps.joined }}", rules: [{check: chars, max: 9}]}}"""
RESULT = "{{ steps.joined }} {{ steps.seen.score }}"
TEXT = {"type": "string"}
SECTION = {"type": "object", "properties": {"id": TEXT}, "required": ["id"], "additionalProperties": False}
SCHEMAS = {
    "city.v1": {
        "type": "object",
        "properties": {"city": TEXT},
        "required": ["city"],
        "additionalProperties": False,
    },
    "outline.v1": {
        "type": "object",
        "properties": {"sections": {"type": "array", "items": SECTION}},
        "required": ["sections"],
        "additionalProperties": False,
    },
}
ANSWERS: dict[str, Any] = {
    "outline": {"sections": [{"id": "canals"}, {"id": "towers"}]},
    "sections": {"canals": "Boats.", "*": "Stones."},
    "joined": "Boats. Stones.",
}


def guide(folder: Path) -> Workflow:
    """Load the workflow."""
    return workflow(folder, STEPS, RESULT, schemas=SCHEMAS, more="input: {schema: city.v1}")


def case(**fields: Any) -> CaseEntry:
    """Make a case in which everything is answered; fields replace what is there."""
    whole = {"name": "ghent", "input": {"city": "Ghent"}, "answers": ANSWERS, "expect": {"status": "ok"}}
    return CaseEntry.model_validate(whole | fields)


def rehearsal(folder: Path, **fields: Any) -> Rehearsal:
    """Give a job that has not begun."""
    renderer = Renderer(max_templates=64, max_work=1_000_000)
    return Rehearsal(guide(folder), case(**fields), renderer=renderer, judge=JUDGE)
