"""Holds what came of a case against what was expected. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from headchef_contracts.events.common import Finding

from headchef.checks.path import read_path, values_at
from headchef.document import differing
from headchef.schema import pointer_of
from headchef.workflow.cases.form import ExpectEntry, FindingEntry, MostEntry
from headchef.workflow.form import CheckEntry
from headchef.workflow.progress import Ending, Judge


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected.

    Attributes:
        message: what, in a sentence.
        detail: both sides, line by line; empty where the sentence says it all.
    """

    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What a case has used up.

    Attributes:
        questions: to models, also those that were not asked of one since the case answers them.
        cost_usd: what is known to have been paid.
        unpriced: questions of unknown cost.
        tokens: in and out together.
    """

    questions: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced: int = 0
    tokens: int = 0


def differences(expect: ExpectEntry, ending: Ending, used: Used, judge: Judge) -> list[Difference]:
    """Name all that is not as expected, but for the golden result.

    Args:
        expect: what must come of the case.
        ending: what came of it.
        used: what that took.
        judge: carries checks out.
    """
    found = list(_of_status(expect, ending))
    if ending.status != "failed":
        for check in expect.checks:
            found += _of_check(check, ending.output, judge)
        for path, value in expect.equals.items():
            found += _of_value(path, value, ending.output)
    if expect.findings is not None:
        found += _of_findings(expect.findings, ending.findings)
    found += _of_use(expect.most, used)
    return found


def _of_status(expect: ExpectEntry, ending: Ending) -> Iterator[Difference]:
    if ending.status != expect.status:
        why = "" if ending.why is None else f": {ending.failed or 'the result'}: {ending.why.reason}"
        told = [f"{finding.path or '/'}: {finding.message}" for finding in ending.findings]
        detail = told or ([ending.why.message] if ending.why is not None else [])
        yield Difference(f"status is {ending.status}, expected {expect.status}{why}", "\n".join(detail))
    elif ending.why is not None:
        step = "" if ending.failed is None else ending.failed.step
        if expect.step is not None and step != expect.step:
            yield Difference(f"failed at {step or 'the result'}, expected {expect.step}", ending.why.message)
        if expect.reason is not None and ending.why.reason != expect.reason:
            yield Difference(f"failed of {ending.why.reason}, expected {expect.reason}", ending.why.message)


def _of_check(entry: CheckEntry, output: Any, judge: Judge) -> Iterator[Difference]:
    if not any(values_at(read_path(entry.path), output)):
        # Else it would hold of nothing at all, and prove nothing.
        yield Difference(f"{entry.check}: there is nothing at {entry.path}")
    asked = {"check": entry.check, "path": entry.path, **(entry.model_extra or {})}
    for finding in judge.findings(output, None, [asked]):
        yield Difference(f"{finding.check}: {finding.path or '/'}: {finding.message}")


def _of_value(path: str, value: Any, output: Any) -> Iterator[Difference]:
    found = list(values_at(read_path(path), output))
    if not found:
        yield Difference(f"equals: there is nothing at {path}")
    for place, each in found:
        if each != value or isinstance(each, bool) != isinstance(value, bool):
            detail = differing(value, each, ("expected", "found"))
            yield Difference(f"equals: {pointer_of(place) or '/'} is another value", detail)


def _of_findings(expected: Sequence[FindingEntry], found: Sequence[Finding]) -> Iterator[Difference]:
    """Pair each expected finding with one that fits; what is left over on either side is a difference."""
    left = list(found)
    for entry in expected:
        fitting = next((each for each in left if _fits(entry, each)), None)
        if fitting is None:
            said = ", ".join(f"{name} {value}" for name, value in entry.model_dump(exclude_none=True).items())
            yield Difference(f"findings: none has {said}")
        else:
            left.remove(fitting)
    for each in left:
        yield Difference(f"findings: not expected: {each.check}: {each.path or '/'}: {each.message}")


def _fits(entry: FindingEntry, found: Finding) -> bool:
    return (
        entry.check in (None, found.check)
        and entry.path in (None, found.path)
        and (entry.message is None or entry.message in found.message)
    )


def _of_use(most: MostEntry, used: Used) -> Iterator[Difference]:
    if most.usd is not None and used.cost_usd > most.usd:
        yield Difference(f"most.usd: it cost {used.cost_usd:f}, and at most {most.usd:f} was expected")
    if most.usd is not None and used.unpriced:
        yield Difference(f"most.usd: {used.unpriced} questions have no known cost; give their models prices")
    if most.tokens is not None and used.tokens > most.tokens:
        yield Difference(f"most.tokens: it took {used.tokens:,}, and at most {most.tokens:,} were expected")
    if most.questions is not None and used.questions > most.questions:
        yield Difference(f"most.questions: there were {used.questions:,}, and at most {most.questions:,} were expected")
