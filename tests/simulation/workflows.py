"""The workflows that some jobs of a world go through, and their input; `led.py` works out what must come of them."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from headchef_contracts import cloudevents, registry, topics
from headchef_contracts.events.workflows import WorkflowPublished

from headchef.checks import installed
from headchef.cli.broadcast import PARTITION
from headchef.runtime.log.port import NewRecord
from headchef.workflow.files import Packed
from headchef.workflow.published import TOPIC, publication
from headchef.workflow.reading import read
from tests.simulation.reserving import CLAIMING
from tests.simulation.seeking import SEEKING
from tests.simulation.sources import HOST
from tests.simulation.taste import SOUR
from tests.support.virtual_time import START

PAGES, JOINED, CHEAP, CHEAPER, TIMED, SIGNED = (
    "pages@1",
    "pages@2",
    "pages@3",
    "thrifty@1",
    "hurried@1",
    "signed@1",
)
"""The second calls functions and reads sources, for which some worlds have processes; the third has a budget, and the
fourth one beyond which the cheapest model is asked; in the fifth there is only so much time for the parts, and
little room for the title; the last asks people, of whom some worlds have some."""

PARTS_S = 1.5
"""Seconds that the parts have, while a call takes one or less."""

TIGHT = 100
"""Tokens for the title: of three answers two are cut off there, and one of three at twice as many."""

BUDGETS_USD = {CHEAP: Decimal("0.0006"), CHEAPER: Decimal("0.007")}
"""What three or four answers take of the usual length, at the price of the model that is asked first."""

DEAR, CHEAPEST = "large", "small"
"""Which that is for `CHEAPER`, and which is asked beyond its budget."""

UNTITLED, UNSIGNED = "Untitled", "Unsigned"
UNFIT = "unfit"
"""No answer says this, and no document that is signed may."""

WITHIN_S = 4.0
"""People have so long to decide."""

SURE = "for sure"
LEAST_SHARE = 0.5
"""Of the parts of a page that must succeed."""

LONG = 3
"""So many parts make a page that gets an end too."""

_SHORT = "{max_output_tokens: 300}"
"""As many tokens as the provider's longest answers have."""

_DEFAULTS = """
defaults: {retry: {validation: 1}}"""
_STEPS = f"""
steps:
  - id: outline
    llm: {{text: "Outline {{{{ input.about }}}}.", parameters: {_SHORT}}}
  - id: parts
    for_each: {{in: "{{{{ input.parts }}}}", as: part, concurrency: 2, min_success: {LEAST_SHARE}}}
    llm:
      text: "Part {{{{ part }}}} of {{{{ input.about }}}}, as in {{{{ outline }}}}."
      with: {{part: "{{{{ part }}}}", outline: "{{{{ steps.outline }}}}"}}
      parameters: {_SHORT}
    checks: [{{check: banned_terms, terms: [{SOUR}]}}]
  - id: title
    llm:
      text: "Title of {{{{ outline }}}}."
      with: {{outline: "{{{{ steps.outline }}}}"}}
      parameters: {_SHORT}
    on_error: continue_with
    continue_with: {UNTITLED}
  - id: long
    audit: {{target: "{{{{ steps.parts }}}}", rules: [{{check: array_len, min: {LONG}}}]}}
  - id: end
    when: "{{{{ steps.long.score > 50 }}}}"
    llm:
      text: "End of {{{{ title }}}}."
      with: {{title: "{{{{ steps.title }}}}"}}
      parameters: {_SHORT}
    on_error: drop
"""
_RESULT = """
result:
  from: "{% for part in steps.parts %}{{ part }}; {% endfor %}{{ steps.title }}, {{ steps.end or '-' }}"
"""
_ALONE = f"""workflow: pages
version: 1
{_DEFAULTS}{_STEPS}{_RESULT}"""
_BOUNDED = f"""workflow: pages
version: 3
budget: {{usd: {BUDGETS_USD[CHEAP]}}}
{_DEFAULTS}{_STEPS}{_RESULT}"""
_FINISHED = f"""workflow: thrifty
version: 1
budget: {{usd: {BUDGETS_USD[CHEAPER]}, on_exceed: finish_cheaper}}
defaults: {{tier: good, retry: {{validation: 1}}}}
{_STEPS}{_RESULT}"""
_BEFORE, _AT, _AFTER = _STEPS.partition("  - id: title")
_HURRIED = f"""workflow: hurried
version: 1
{_DEFAULTS}{_BEFORE}    budget: {{seconds: {PARTS_S}}}
{_AT}{_AFTER.replace(_SHORT, f"{{max_output_tokens: {TIGHT}}}", 1)}{_RESULT}"""
_CALLING = f"""workflow: pages
version: 2
{_DEFAULTS}{_STEPS}
  - id: facts
    http: {{get: "https://{HOST}/{{{{ input.about }}}}", allow_hosts: [{HOST}], as: text}}
    on_error: drop
  - id: joined
    python: {{call: join, with: {{parts: "{{{{ steps.parts }}}}", sign: " + "}}}}
  - id: sure
    python: {{call: fail, with: {{word: "{{{{ steps.title }}}}"}}}}
    on_error: continue_with
    continue_with: {SURE}
result:
  from: >-
    {{{{ steps.joined }}}}: {{{{ steps.title }}}}, {{{{ steps.end or '-' }}}} {{{{ steps.sure }}}}
    {{{{ steps.facts or '-' }}}}
"""


_ASKING = f"""workflow: signed
version: 1
{_STEPS}
  - id: looks
    for_each: {{in: "{{{{ steps.parts }}}}", as: part, concurrency: 2, min_success: 0}}
    human: {{review: "{{{{ part }}}}", within: {WITHIN_S}, otherwise: approve}}
    checks: [{{check: banned_terms, terms: [{UNFIT}]}}]
  - id: sign
    human: {{review: "{{{{ steps.title }}}}", within: {WITHIN_S}, otherwise: needs_review}}
    checks: [{{check: banned_terms, terms: [{UNFIT}]}}]
    on_error: continue_with
    continue_with: {UNSIGNED}
result:
  from: "{{% for look in steps.looks %}}{{{{ look }}}}; {{% endfor %}}{{{{ steps.sign }}}}, {{{{ steps.end or '-' }}}}"
"""


def page_of(workflow: str, parts: Sequence[str], title: str, end: str, facts: str | None) -> str:
    """Give what a workflow makes of parts, a title, an end, and facts where it reads some."""
    if workflow != JOINED:
        return "".join(f"{part}; " for part in parts) + f"{title}, {end}"
    return f"{' + '.join(parts)}: {title}, {end} {SURE} {facts or '-'}"


_SHARE_WITH_DEADLINE = 0.15
_MOST_PARTS = 4


def published(namespace: str) -> Sequence[NewRecord]:
    """Give the records that publish the workflows: the same ones in every world, since a seed decides all of it."""
    texts = (_ALONE, _CALLING, _BOUNDED, _FINISHED, _HURRIED, CLAIMING, SEEKING, _ASKING)
    found = [read(Path("pages.yaml"), text.encode(), Packed({}, {}), installed()) for text in texts]
    return [_record(namespace, publication(each, START)) for each in found]


def drawn_input(chance: Random, number: int) -> dict[str, Any]:
    """Draw the input of a job.

    Args:
        chance: how many parts its page has, and whether it is the same page as one before.
        number: makes it another page.
    """
    about = f"page {number if chance.random() < 0.7 else number // 5}"
    return {"about": about, "parts": [f"{about} {letter}" for letter in "abcd"[: chance.randrange(_MOST_PARTS + 1)]]}


def drawn_deadline_s(chance: Random) -> float | None:
    """Draw after how many seconds of the world it is too late for a job, if ever."""
    return chance.uniform(0, 30) if chance.random() < _SHARE_WITH_DEADLINE else None


def _record(namespace: str, event: WorkflowPublished) -> NewRecord:
    key = topics.key_of(TOPIC, event)
    name = None if key is None else key.decode()
    about = cloudevents.Attributes(f"published {name}", "/author", event.event_type, event.version, START, name)
    return NewRecord(
        topics.physical(namespace, TOPIC), registry.encode(event), key, PARTITION, cloudevents.to_headers(about)
    )
