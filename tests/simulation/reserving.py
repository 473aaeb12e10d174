"""The jobs of a world that want few titles and slugs, each of which one alone may have."""

from collections.abc import Sequence
from random import Random
from typing import Any

TITLED = "pages@4"
"""Asks for a title, without which it fails, and for slugs, of which it keeps those that it gets."""

CLAIMING = """workflow: pages
version: 4
defaults: {retry: {validation: 1}}
steps:
  - id: claimed
    reserve: {site: "{{ input.site }}", name: title, value: "{{ input.title }}"}
  - id: slugs
    for_each: {in: "{{ input.slugs }}", as: slug, concurrency: 2}
    reserve: {site: "{{ input.site }}", name: slug, value: "{{ slug }}"}
    on_error: drop
  - id: text
    llm:
      text: "{{ title }}, {{ input.about }}."
      with: {title: "{{ steps.claimed }}"}
      parameters: {max_output_tokens: 300}
result: {from: "{{ steps.text }}: {% for slug in steps.slugs %}{{ slug }}; {% endfor %}"}
"""

SITES = ("ghent.example", "bruges.example/shop")
_TITLES = ("Best of Town", "Canals", "Towers")
_SLUGS = ("canals", "towers", "beer", "Straße")
_MOST_SLUGS = 3


def output_of_claims(text: str, slugs: Sequence[str]) -> str:
    """Give what a job makes of its text and of the slugs that it got."""
    return f"{text}: " + "".join(f"{slug}; " for slug in slugs)


def drawn_claims(chance: Random, number: int) -> dict[str, Any]:
    """Draw the input of a job.

    Args:
        chance: what it wants, and how it writes that.
        number: makes its text another than that of others.
    """
    return {
        "site": SITES[int(chance.random() < 0.2)],
        "title": _written(chance.choice(_TITLES), chance),
        "slugs": [_written(slug, chance) for slug in chance.sample(_SLUGS, chance.randrange(_MOST_SLUGS + 1))],
        "about": f"page {number}",
    }


def compared(value: str) -> str:
    """Give what a value is compared by, as docs/workflows.md says."""
    return " ".join(value.casefold().split())


def _written(value: str, chance: Random) -> str:
    """Write a value in one of the ways that are the same."""
    return chance.choice((value, value.upper(), f" {value} ", value.replace(" ", " \t")))
