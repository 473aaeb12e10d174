"""The workflow that some jobs of a world go through, and their input; `led.py` works out what must come of them."""

from pathlib import Path
from random import Random
from typing import Any

from headchef_contracts.events.workflows import WorkflowPublished

from headchef.checks import installed
from headchef.workflow.files import Packed
from headchef.workflow.published import publication
from headchef.workflow.reading import read
from tests.simulation.taste import SOUR
from tests.support.virtual_time import START

NAME = "pages@1"
UNTITLED = "Untitled"
LEAST_SHARE = 0.5
"""Of the parts of a page that must succeed."""

LONG = 3
"""So many parts make a page that gets an end too."""

_FILE = f"""
workflow: pages
version: 1
defaults: {{retry: {{validation: 1}}}}
steps:
  - id: outline
    llm: {{text: "Outline {{{{ input.about }}}}."}}
  - id: parts
    for_each: {{in: "{{{{ input.parts }}}}", as: part, concurrency: 2, min_success: {LEAST_SHARE}}}
    llm:
      text: "Part {{{{ part }}}} of {{{{ input.about }}}}, as in {{{{ outline }}}}."
      with: {{part: "{{{{ part }}}}", outline: "{{{{ steps.outline }}}}"}}
    checks: [{{check: banned_terms, terms: [{SOUR}]}}]
  - id: title
    llm: {{text: "Title of {{{{ outline }}}}.", with: {{outline: "{{{{ steps.outline }}}}"}}}}
    on_error: continue_with
    continue_with: {UNTITLED}
  - id: long
    audit: {{target: "{{{{ steps.parts }}}}", rules: [{{check: array_len, min: {LONG}}}]}}
  - id: end
    when: "{{{{ steps.long.score > 50 }}}}"
    llm: {{text: "End of {{{{ title }}}}.", with: {{title: "{{{{ steps.title }}}}"}}}}
    on_error: drop
result:
  from: "{{% for part in steps.parts %}}{{{{ part }}}}; {{% endfor %}}{{{{ steps.title }}}}, {{{{ steps.end or '-' }}}}"
"""

_SHARE_WITH_DEADLINE = 0.15
_MOST_PARTS = 5


def published() -> WorkflowPublished:
    """Give the event that publishes the workflow."""
    return publication(read(Path("pages.yaml"), _FILE.encode(), Packed({}, {}), installed()), START)


def drawn_input(chance: Random, number: int) -> dict[str, Any]:
    """Draw the input of a job.

    Args:
        chance: how many parts its page has, and whether it is the same page as one before.
        number: makes it another page.
    """
    about = f"page {number if chance.random() < 0.7 else number // 5}"
    return {"about": about, "parts": [f"{about} {letter}" for letter in "abcde"[: chance.randrange(_MOST_PARTS + 1)]]}


def drawn_deadline_s(chance: Random) -> float | None:
    """Draw after how many seconds of the world it is too late for a job, if ever."""
    return chance.uniform(0, 30) if chance.random() < _SHARE_WITH_DEADLINE else None
