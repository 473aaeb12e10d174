"""Holds cases against the workflow that they test: steps that there are, values that fit, paths that lead somewhere."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from headchef_contracts.events.common import Finding

from headchef.checks import Registry, faults_in
from headchef.checks.path import BadPath, Every, read_path, written
from headchef.document import Place, jsonable
from headchef.schema import ANYTHING, NoSuchPath, Shape, follow, kind_of, kinds_of, shape_of
from headchef.template import reads_of
from headchef.workflow.cases.form import EVERY_OTHER, CaseEntry, ExpectEntry
from headchef.workflow.cases.standing_in import by_item
from headchef.workflow.form import StepEntry
from headchef.workflow.identity import left_out
from headchef.workflow.model import Workflow
from headchef.workflow.outputs import output_of, output_of_one
from headchef.workflow.progress import Judge
from headchef.workflow.scope import Scope

Told = tuple[Place, str]
"""A place in a case, and what is wrong there."""

_FIELDS = ("given", "answers", "fails")


def asks_models(workflow: Workflow, case: CaseEntry) -> bool:
    """Tell whether a case may ask a model, for which the services must be at work."""
    named = {*case.given, *case.answers, *case.fails}
    return any(step.llm is not None and step.id not in named for step in workflow.steps.values())


class Looking:
    """Looks at the cases of one workflow.

    Args:
        workflow: that they test.
        judge: holds values against schemas.
        checks: that there are.
        hindrance: says why a step can neither be run nor stood in for, or None where it can.
    """

    def __init__(
        self, workflow: Workflow, judge: Judge, checks: Registry, hindrance: Callable[[StepEntry], str | None]
    ) -> None:
        self._workflow = workflow
        self._judge = judge
        self._checks = checks
        self._hindrance = hindrance
        self._result = _shape_of_result(workflow)

    def faults(self, case: CaseEntry) -> Iterator[Told]:
        """Say all that is wrong with a case."""
        unfit = [name for name in ("input", *_FIELDS) if not _fits(name, getattr(case, name))]
        for name in unfit:
            yield (name,), "must be JSON: put dates into quotes, and fields that are numbers too"
        if not unfit:
            schema = self._workflow.schema(self._workflow.file.input.schema_name)
            yield from _told(("input",), self._judge.findings(case.input, schema, ()))
            for field, message in left_out(self._workflow, case.input).items():
                yield ("input", field), message
            yield from self._steps(case)
        yield from self._expected(case.expect, case)

    def _steps(self, case: CaseEntry) -> Iterator[Told]:
        steps = self._workflow.steps
        for field in _FIELDS:
            for name, value in getattr(case, field).items():
                place = (field, name)
                if name not in steps:
                    near = get_close_matches(name, steps, 1)
                    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(steps)}"
                    yield place, f"there is no step {name!r}; {hint}"
                elif field == "given":
                    yield from self._given(place, steps[name], value, case)
                else:
                    yield from self._stand_in(place, steps[name], value, case)
        for step in steps.values():
            if step.id not in case.given and (why := self._unable(step, case)) is not None:
                yield (), f"step {step.id}: {why}"

    def _unable(self, step: StepEntry, case: CaseEntry) -> str | None:
        """Say why a step that is run for itself cannot be."""
        return None if step.id in case.answers or step.id in case.fails else self._hindrance(step)

    def _given(self, place: Place, step: StepEntry, value: Any, case: CaseEntry) -> Iterator[Told]:
        if step.id in case.answers or step.id in case.fails:
            yield place, "is not run, so that nothing can answer for it or fail: name it once"
        schema = self._workflow.schema(step.output.schema_name)
        if schema is not None and step.for_each is not None:
            schema = {"type": "array", "items": schema}
        yield from _told(place, self._judge.findings(value, schema, ()))
        if schema is None:
            yield from _misfit(place, value, output_of(step, self._workflow.schemas))

    def _stand_in(self, place: Place, step: StepEntry, value: Any, case: CaseEntry) -> Iterator[Told]:
        if step.for_each is None:
            if place[0] == "answers" and step.id in case.fails:
                yield place, "answers and fails: name it once"
            yield from self._said(place, value, step)
            return
        if place[0] == "answers" and not isinstance(value, Mapping):
            hint = f"{{0: …, '{EVERY_OTHER}': …}}"
            yield place, f"is run for each of several: give an answer for each item by its key, such as {hint}"
            return
        for key, each in by_item(value).items():
            yield from self._said((*place, key) if isinstance(value, Mapping) else place, each, step)

    def _said(self, place: Place, value: Any, step: StepEntry) -> Iterator[Told]:
        """Look at one answer or reason. An answer may break its schema, which the workflow then has to bear."""
        if place[0] == "fails":
            if not isinstance(value, str) or not value:
                yield place, "must be a reason in a word, such as timeout"
        elif step.output.schema_name is None:
            yield from _misfit(place, value, output_of_one(step, self._workflow.schemas))

    def _expected(self, expect: ExpectEntry, case: CaseEntry) -> Iterator[Told]:
        for number, entry in enumerate(expect.checks):
            asked = {"check": entry.check, "path": entry.path, **(entry.model_extra or {})}
            for fault in faults_in(asked, self._checks, self._result):
                yield ("expect", "checks", number, *fault.place), fault.message
        for path, value in expect.equals.items():
            if not jsonable(value):
                yield ("expect", "equals", path), "must be JSON: put dates into quotes"
            if (nowhere := self._nowhere(path)) is not None:
                yield ("expect", "equals", path), nowhere
        if expect.step is not None and expect.step not in self._workflow.steps:
            known = ", ".join(self._workflow.steps)
            yield ("expect", "step"), f"there is no step {expect.step!r}; there is {known}"
        if not asks_models(self._workflow, case):
            for name in ("usd", "tokens"):
                if getattr(expect.most, name) is not None:
                    message = (
                        "no model is asked in this case, so that this always holds: `questions` counts in any case"
                    )
                    yield ("expect", "most", name), message

    def _nowhere(self, text: str) -> str | None:
        try:
            path = read_path(text)
        except BadPath as bad:
            return str(bad)
        found = follow(self._result, [0 if isinstance(part, Every) else part for part in path])
        if isinstance(found, NoSuchPath):
            return f"leads nowhere: {written(path[: found.at]) or 'the output'} {found.message}"
        return None


def _fits(field: str, value: Any) -> bool:
    """Tell whether all is JSON; the keys of items may be numbers, since by_item writes them as texts."""
    if field in ("answers", "fails"):
        return all(jsonable(by_item(each) if isinstance(each, Mapping) else each) for each in value.values())
    return jsonable(value)


def _misfit(place: Place, value: Any, shape: Shape) -> Iterator[Told]:
    """Hold a value against what a step without a schema gives, such as the text of a model."""
    kinds = shape.kinds()
    if kinds and not kinds & kinds_of(value):
        yield (
            place,
            f"is {kind_of(value)}, and the step, which has no `output.schema`, gives {' or '.join(sorted(kinds))}",
        )


def _told(place: Place, findings: tuple[Finding, ...]) -> Iterator[Told]:
    for finding in findings:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in finding.path.split("/")[1:]]
        yield (*place, *(int(part) if part.isdecimal() else part for part in parts)), finding.message


def _shape_of_result(workflow: Workflow) -> Shape:
    """Give what the output of a job looks like."""
    if workflow.result.schema_name is not None:
        return shape_of(workflow.schemas[workflow.result.schema_name])
    name = workflow.file.input.schema_name
    values = ANYTHING if name is None else shape_of(workflow.schemas[name])
    steps = {step.id: output_of(step, workflow.schemas) for step in workflow.steps.values()}
    return Scope({"input": values}, steps).shape_of(reads_of(workflow.result.value))
