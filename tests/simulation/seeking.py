"""The jobs of a world that look into collections: one that their tenant has a part of, and one that is not there."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.simulation.guides import PLACES, SEASONS

GUIDED = "guided@1"
"""Looks for texts near to each place, half of which must be found, and in vain for others, which it does without."""

TOP_K, RETRIES = 2, 2

SEEKING = f"""workflow: guided
version: 1
defaults: {{retry: {{validation: 1}}}}
steps:
  - id: near
    for_each: {{in: "{{{{ input.places }}}}", as: place, concurrency: 2, min_success: 0.5}}
    retrieve:
      collection: guides
      query: "boats in {{{{ place }}}}"
      top_k: {TOP_K}
      filter: {{season: "{{{{ input.season }}}}", tenant: "{{{{ input.whose }}}}"}}
    retry: {{transport: {RETRIES}}}
  - id: gone
    retrieve: {{collection: gone, query: "{{{{ input.about }}}}"}}
    retry: {{transport: {RETRIES}}}
    on_error: drop
  - id: text
    llm:
      text: "{{{{ input.about }}}} after {{% for found in near %}}{{{{ found.documents[0].text }}}}; {{% endfor %}}."
      with: {{near: "{{{{ steps.near }}}}"}}
      parameters: {{max_output_tokens: 300}}
result:
  from: >-
    {{{{ steps.text }}}}: {{% for found in steps.near %}}{{% for each in found.documents %}}{{{{ each.text }}}},
    {{% endfor %}}; {{% endfor %}}{{{{ steps.gone or '-' }}}}
"""

_MOST_PLACES = 3


def output_of_guides(text: str, found: Sequence[Mapping[str, Any]]) -> str:
    """Give what a job makes of its text and of what it was given for its places."""
    texts = "".join("".join(f"{each['text']}, " for each in one["documents"]) + "; " for one in found)
    return f"{text}: {texts}-"


def drawn_search(chance: Random, number: int, tenants: Sequence[str]) -> dict[str, Any]:
    """Draw the input of a job.

    Args:
        chance: what it looks for, and whose texts it would like to have.
        number: makes its text another than that of others.
        tenants: of whom one may name another.
    """
    return {
        "places": chance.sample(PLACES, chance.randrange(_MOST_PLACES + 1)),
        "season": chance.choice(SEASONS),
        "whose": chance.choice(tenants),
        "about": f"page {number}",
    }
