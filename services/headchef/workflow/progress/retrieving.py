"""Sees that what a step looks for can be looked for, before anybody is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from headchef.schema import kind_of
from headchef.template import TemplateRefused
from headchef.workflow.progress.unit import Unit
from headchef.workflow.progress.work import Retrieve

MAX_QUERY_CHARACTERS = 100_000


def retrieval(
    unit: Unit,
    collection: str,
    query: Any,
    *,
    equal: Mapping[str, Any],
    top_k: int,
    retries: int,
    checks: Sequence[Mapping[str, Any]],
) -> Retrieve:
    """Give what is to be looked for, for a step or item.

    Args:
        unit: for which.
        collection: in which.
        query: as it was filled in.
        equal: fields with what they must be, as it was filled in.
        top_k: how many texts at most.
        retries: more tries after one that may fare better later.
        checks: what the output must pass.

    Raises:
        TemplateRefused: the query is no text, empty or too long, or a field is held against something else than a
            text, a whole number, true or false.
    """
    if not isinstance(query, str):
        raise TemplateRefused(f"`query` must be a text, and is {kind_of(query)}")
    if not query.strip():
        raise TemplateRefused("`query` is empty; it must say what is looked for")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise TemplateRefused(f"`query` has {len(query):,} characters; at most {MAX_QUERY_CHARACTERS:,} are taken")
    for name, value in equal.items():
        if not isinstance(value, str | int):
            right = "must be a text, a whole number, true or false"
            raise TemplateRefused(f"`filter.{name}` {right}, and is {kind_of(value)}")
    return Retrieve(unit, collection, query, equal, top_k, retries, checks)
