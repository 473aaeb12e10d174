"""The state of a job on its way through a workflow: told what came of each unit, it says what is to be done next. Pure.

A step begins when all that it reads has ended. What comes of it depends on nothing but the workflow, the input and the
outcomes, in whatever order they come, except which of several failures is told of.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from headchef_contracts.events.common import Finding

from headchef.checks import in_short
from headchef.schema import kind_of, pointer_of
from headchef.template import Renderer, TemplateRefused
from headchef.workflow.form import ForEachEntry, StepEntry
from headchef.workflow.model import Workflow
from headchef.workflow.progress.ending import Ending, Status
from headchef.workflow.progress.filling import Filling, Names
from headchef.workflow.progress.items import BadItems, Items
from headchef.workflow.progress.judging import Judge
from headchef.workflow.progress.unit import Came, Lost, Outcome, Unit
from headchef.workflow.progress.work import Ask, Review, Work


class Progress:
    """One job.

    Args:
        workflow: that it goes through.
        values: the job's input, which obeys the workflow's schema.
        renderer: fills templates.
        judge: judges outputs, but for those of models, which come judged.
        given: outputs of steps that are not run, by the steps' ids.

    Attributes:
        workflow: that it goes through.
        ending: what the job ended with; None while it goes on.
        outputs: of the steps that have ended, by id; null for those that were left out.
        is_known: while the job is gone through again, says of a unit that is to be given out whether what came of it
            is known: then that is told by `ended`, and what nobody is to do is not filled in. Else None.
    """

    def __init__(
        self,
        workflow: Workflow,
        values: Any,
        *,
        renderer: Renderer,
        judge: Judge,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.ending: Ending | None = None
        self.outputs: dict[str, Any] = {}
        self.workflow = workflow
        self.is_known: Callable[[Unit], bool] | None = None
        self._filling = Filling(workflow, renderer)
        self._judge = judge
        self._given = given or {}
        self._names: Names = {"input": values, "steps": self.outputs}
        self._waits = {step: len(needs) for step, needs in workflow.needs.items()}
        self._readers = {
            step: [each for each, needs in workflow.needs.items() if step in needs] for step in self._waits
        }
        self._ready: deque[str] = deque()
        self._todo: list[Work] = []
        self._items: dict[str, Items] = {}
        self._under_way: dict[Unit, Work] = {}
        self._known: set[Unit] = set()
        self._known_now: list[Unit] = []
        self._losses: list[tuple[Unit, Lost]] = []
        self._undecided: list[Review] = []

    @property
    def under_way(self) -> Mapping[Unit, Work]:
        """What was given out, and has not come back."""
        return self._under_way

    def waits_for(self, unit: Unit) -> bool:
        """Say whether a unit was given out, or is known to have been, and has not come back."""
        return unit in self._under_way or unit in self._known

    @property
    def losses(self) -> tuple[tuple[Unit, Lost], ...]:
        """What was lost, in the order in which that was told; the job may have gone on without it."""
        return tuple(self._losses)

    def begin(self) -> list[Work]:
        """Give what is to be done first."""
        self._ready += [step for step, count in self._waits.items() if count == 0]
        return self._go_on()

    def ended(self, unit: Unit, outcome: Outcome) -> list[Work]:
        """Take in what came of a unit, and give what is to be done now.

        Args:
            unit: that was given out. What is told of another one, or again, changes nothing.
            outcome: of it. An output that breaks its schema or its checks is lost.
        """
        if not self.waits_for(unit):
            return []
        work = self._under_way.pop(unit, None)
        self._known.discard(unit)
        if self.ending is not None:
            return []
        step = self.workflow.steps[unit.step]
        if isinstance(outcome, Came) and work is not None:
            outcome = self.judged(work, outcome)
        if isinstance(outcome, Came) and outcome.undecided and isinstance(work, Review):
            self._undecided.append(work)
        self._take(unit, step, outcome)
        if step.for_each is not None:
            self._continue(unit.step, step, step.for_each)
        return self._go_on()

    def end(self, ending: Ending) -> None:
        """End the job from outside, unless it has ended: nothing is given out any more."""
        if self.ending is None:
            self.ending = ending

    def judged(self, work: Work, came: Came) -> Outcome:
        """Give what came of something, or that it is lost since it breaks its schema or its checks.

        Args:
            work: what was done; what a model has said comes judged.
            came: its output.
        """
        if isinstance(work, Ask):
            return came
        schema = self.workflow.schema(self.workflow.steps[work.unit.step].output.schema_name)
        findings = self._judge.findings(came.value, schema, work.checks)
        return Lost("rejected", in_short(findings), findings) if findings else came

    def _go_on(self) -> list[Work]:
        """Begin all steps that can begin, and give what is to be done for them."""
        while self._ready and self.ending is None:
            self._begin(self._ready.popleft())
        if self.ending is None and len(self.outputs) == len(self._waits):
            self._finish()
        todo, self._todo = self._todo, []
        known, self._known_now = self._known_now, []
        if self.ending is None:
            return todo
        # Nobody begins what was to be done when the job ended.
        for work in todo:
            self._under_way.pop(work.unit, None)
        self._known.difference_update(known)
        return []

    def _begin(self, name: str) -> None:
        step = self.workflow.steps[name]
        try:
            if name in self._given:
                self._settle(name, self._given[name])
            elif step.when is not None and not self._holds(step.when):
                self._settle(name, None)
            elif step.for_each is not None:
                values, at_once = self._listed(step.for_each.items), step.audit is not None
                self._items[name] = Items(step.for_each, values, at_once=at_once)
                self._continue(name, step, step.for_each)
            else:
                self._give_out(Unit(name), step, self._names)
        except TemplateRefused as refused:
            self._take(Unit(name), step, Lost("template", str(refused)))
        except BadItems as bad:
            self._take(Unit(name), step, Lost("items", str(bad)))

    def _holds(self, condition: str) -> bool:
        found = self._filling.value(condition, self._names)
        if not isinstance(found, bool):
            raise TemplateRefused(f"`when` must be true or false, and is {kind_of(found)}")
        return found

    def _listed(self, source: str) -> list[Any]:
        found = self._filling.value(source, self._names)
        if not isinstance(found, list):
            raise TemplateRefused(f"`for_each` needs a list, and has {kind_of(found)}")
        return found

    def _continue(self, name: str, step: StepEntry, entry: ForEachEntry) -> None:
        """Give out as many items as may be under way, or settle the step."""
        items = self._items[name]
        while items.loss is None and (begun := items.begin()):
            for key, value in begun:
                self._give_out(Unit(name, key), step, {**self._names, entry.name: value})
        if (loss := items.loss) is not None:
            self._fail(Unit(name), loss)
        elif items.over:
            self._settle(name, items.output)

    def _give_out(self, unit: Unit, step: StepEntry, names: Names) -> None:
        if self.is_known is not None and self.is_known(unit) and not _is_judged_here(step):
            self._known.add(unit)
            self._known_now.append(unit)
            return
        try:
            work = self._filling.work(unit, step, names)
        except TemplateRefused as refused:
            self._take(unit, step, Lost("template", str(refused)))
        else:
            self._under_way[unit] = work
            self._todo.append(work)

    def _take(self, unit: Unit, step: StepEntry, outcome: Outcome) -> None:
        """Note what came of a step or an item, as the step's `on_error` says."""
        if isinstance(outcome, Came):
            return self._note(unit, outcome.value)
        self._losses.append((unit, outcome))
        match "drop" if outcome.leave_out else step.on_error:
            case "continue_with":
                try:
                    return self._note(unit, self._filling.value(step.continue_with, self._names))
                except TemplateRefused as refused:
                    return self._fail(unit, Lost("template", f"`continue_with`: {refused}"))
            case "drop" if unit.item is not None:
                return self._items[unit.step].left_out(unit.item)
            case "drop":
                return self._settle(unit.step, None)
            case "fail" if unit.item is not None:
                return self._items[unit.step].failed(unit.item, outcome)
            case _:
                return self._fail(unit, outcome)

    def _note(self, unit: Unit, value: Any) -> None:
        if unit.item is None:
            self._settle(unit.step, value)
        else:
            self._items[unit.step].came(unit.item, value)

    def _settle(self, name: str, output: Any) -> None:
        """Note what a step gives to those that read it, and let those begin that waited for nothing else."""
        self.outputs[name] = output
        self._items.pop(name, None)
        for reader in self._readers[name]:
            self._waits[reader] -= 1
            if self._waits[reader] == 0:
                self._ready.append(reader)

    def _fail(self, unit: Unit | None, why: Lost) -> None:
        self.ending = Ending("failed", failed=unit, why=why, findings=why.findings)

    def _finish(self) -> None:
        result = self.workflow.result
        try:
            output = self._filling.value(result.value, self._names)
        except TemplateRefused as refused:
            return self._fail(None, Lost("template", f"the result: {refused}"))
        broken = self._judge.findings(output, self.workflow.schema(result.schema_name), ())
        tolerated = tuple(
            Finding(check=lost.reason, path=pointer_of(("steps", unit.step, *_item(unit))), message=lost.message)
            for unit, lost in self._losses
        )
        silent = tuple(_silent(review) for review in self._undecided)
        status: Status = "ok"
        if broken:
            status = "rejected"
        elif any(review.otherwise == "needs_review" for review in self._undecided):
            status = "needs_review"
        self.ending = Ending(status, output, broken + tolerated + silent)
        return None


def _is_judged_here(step: StepEntry) -> bool:
    """Say whether it takes what was to be done for a step to tell whether what came of it passes."""
    return step.llm is None and (step.human is not None or step.output.schema_name is not None or bool(step.checks))


def _silent(review: Review) -> Finding:
    follows = "it is yet to be looked at" if review.otherwise == "needs_review" else "which approves it"
    message = f"nobody decided within {review.within_s:g} s, {follows}"
    return Finding(check="review", path=pointer_of(("steps", review.unit.step, *_item(review.unit))), message=message)


def _item(unit: Unit) -> tuple[str, ...]:
    return () if unit.item is None else (unit.item,)
