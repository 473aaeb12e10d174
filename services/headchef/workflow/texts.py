"""Finds the templates of a step: each with its place in the file, and whether an item is known there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headchef.document import Place
from headchef.workflow.form import CheckEntry, StepEntry
from headchef.workflow.reserving import ReserveEntry


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a workflow file that may be a template.

    Attributes:
        place: in the step.
        source: the text.
        of_item: whether it is filled for each item of a list, and may name the item.
        wants: what it must stand for, where text will not do.
    """

    place: Place
    source: str
    of_item: bool = True
    wants: str | None = None


def texts_of(step: StepEntry) -> Iterator[Text]:
    """Give all texts of a step, but for its prompts, which know other names."""
    if step.when is not None:
        yield Text(("when",), step.when, of_item=False, wants="true or false")
    if step.for_each is not None:
        yield Text(("for_each", "in"), step.for_each.items, of_item=False, wants="a list")
    if step.llm is not None:
        yield from _inside(step.llm.with_values, ("llm", "with"))
    if step.http is not None:
        yield Text(("http", "get"), step.http.get)
    if step.python is not None:
        yield from _inside(step.python.with_values, ("python", "with"))
    if step.retrieve is not None:
        yield Text(("retrieve", "query"), step.retrieve.query)
        yield from _inside(step.retrieve.filters, ("retrieve", "filter"))
    if step.audit is not None:
        yield Text(("audit", "target"), step.audit.target)
        if step.audit.facts is not None:
            yield Text(("audit", "facts"), step.audit.facts)
        yield from _of_checks(step.audit.rules, ("audit", "rules"))
    if step.human is not None:
        yield Text(("human", "review"), step.human.review)
    yield from _of_reservation(step.reserve)
    yield from _of_checks(step.checks, ("checks",))
    yield from _inside(step.continue_with, ("continue_with",))


def _of_reservation(reserve: ReserveEntry | None) -> Iterator[Text]:
    if reserve is not None:
        yield Text(("reserve", "site"), reserve.site)
        yield Text(("reserve", "value"), reserve.value)


def _of_checks(checks: tuple[CheckEntry, ...], place: Place) -> Iterator[Text]:
    for number, check in enumerate(checks):
        yield from _inside(check.model_extra or {}, (*place, number))


def _inside(value: Any, place: Place) -> Iterator[Text]:
    """Find texts within a value of any kind."""
    if isinstance(value, str):
        yield Text(place, value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _inside(inner, (*place, str(name)))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _inside(inner, (*place, number))
