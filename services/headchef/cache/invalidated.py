"""Decides which answers hold no longer, by what was said of their tenants, tags, templates and sources. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from headchef_contracts.events.invalidations import InvalidatedScope
from headchef_contracts.events.semantic import Marks

APART = timedelta(seconds=1)
"""The clocks of the brokers that date jobs and invalidations may be so far apart: too much is asked anew, never too
little."""

NO_MARKS = Marks()

_Mark = tuple[str, str]
_WHOLE: _Mark = ("tenant", "")


@dataclass(frozen=True, slots=True)
class Origin:
    """What of an answer decides whether it holds still.

    Attributes:
        tenant: whose it is.
        marks: what it was made from; None for nothing that could be named.
        planned_at: when it was asked for at the earliest; None where nobody knows any more.
    """

    tenant: str
    marks: Marks | None
    planned_at: datetime | None


class Invalidated:
    """What was said last of each scope, and until when it concerns answers."""

    def __init__(self) -> None:
        self._everything: datetime | None = None
        self._of: dict[str | None, dict[_Mark, datetime]] = {}

    def __len__(self) -> int:
        """Count the scopes of which something was said."""
        return sum(map(len, self._of.values()))

    def take(self, scope: InvalidatedScope, until: datetime) -> None:
        """Let answers of a scope hold no longer that were asked for before a time."""
        marks, mark = self._of.setdefault(scope.tenant, {}), _of_scope(scope)
        marks[mark] = max(until, marks.get(mark, until))

    def take_all(self, until: datetime) -> None:
        """Let no answer hold any longer that was asked for before a time."""
        self._everything = until if self._everything is None else max(until, self._everything)

    def concerns(self, origin: Origin) -> bool:
        """Say whether an answer holds no longer.

        What is not known of an answer counts against it: where nobody knows when it was asked for, anything that was
        said of its tenant, or of everybody, concerns it.
        """
        if not self._of and self._everything is None:
            return False
        whole, everybodys = self._of.get(origin.tenant), self._of.get(None)
        if origin.planned_at is None:
            return bool(whole or everybodys or self._everything)
        latest = origin.planned_at - APART
        if self._everything is not None and latest <= self._everything:
            return True
        marks = origin.marks or NO_MARKS
        return any(latest <= until for said in (whole, everybodys) if said for until in _untils(marks, said))


def _untils(marks: Marks, said: Mapping[_Mark, datetime]) -> Iterator[datetime]:
    """Give the times until which answers with some marks hold no longer."""
    yield from (said[mark] for mark in (_WHOLE, *_of_answer(marks)) if mark in said)
    if marks.more_sources:
        yield from (until for (kind, _), until in said.items() if kind == "source")


def _of_answer(marks: Marks) -> Iterator[_Mark]:
    for tag in marks.tags:
        yield "tag", tag
    if marks.template is not None:
        yield "template", marks.template
    for source in marks.sources:
        yield "source", source


def _of_scope(scope: InvalidatedScope) -> _Mark:
    if scope.tag is not None:
        return "tag", scope.tag
    if scope.template is not None:
        return "template", scope.template
    return _WHOLE if scope.source is None else ("source", scope.source)
