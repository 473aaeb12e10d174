"""A job of which some steps are not done, but come to what a case says. Pure."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from headchef.checks import in_short
from headchef.template import Renderer
from headchef.workflow.cases.form import CaseEntry
from headchef.workflow.cases.standing_in import StandIns
from headchef.workflow.model import Workflow
from headchef.workflow.progress import Ask, Came, Judge, Lost, Outcome, Progress, Unit, Work


class Rehearsal(Progress):
    """One job, led as any other; only what nothing stands in for is given out.

    Args:
        workflow: that it goes through.
        case: has its input, and what stands in.
        renderer: fills templates.
        judge: judges outputs, and answers that stand in for those of models.

    Attributes:
        asked: the questions to models, in the order in which they came up.
    """

    def __init__(self, workflow: Workflow, case: CaseEntry, *, renderer: Renderer, judge: Judge) -> None:
        super().__init__(workflow, case.input, renderer=renderer, judge=judge, given=case.given)
        self.asked: dict[Unit, Ask] = {}
        self._stand_ins = StandIns(case)

    def begin(self) -> list[Work]:
        """Give what is to be done first. Raises NoAnswer, as `ended` does."""
        return self._left(super().begin())

    def ended(self, unit: Unit, outcome: Outcome) -> list[Work]:
        """Take in what came of a unit; see `Progress`.

        Raises:
            NoAnswer: the case answers for other items of a step, and not for one that has come up.
        """
        return self._left(super().ended(unit, outcome))

    def _left(self, works: Sequence[Work]) -> list[Work]:
        """Do what something stands in for, and what follows from it; give the rest."""
        left, todo = [], deque(works)
        while todo:
            work = todo.popleft()
            if isinstance(work, Ask):
                self.asked[work.unit] = work
            outcome = self._stand_ins.outcome(work.unit)
            if outcome is None:
                left.append(work)
            else:
                todo += super().ended(work.unit, self._answered(work, outcome))
        return [] if self.ending is not None else left

    def _answered(self, work: Work, outcome: Outcome) -> Outcome:
        """Hold an answer against its schema and checks, as the services do with a model's."""
        if not isinstance(work, Ask) or not isinstance(outcome, Came):
            return outcome
        findings = self._judge.findings(outcome.value, work.schema, work.checks)
        return Lost("rejected", in_short(findings), findings) if findings else outcome


def question(ask: Ask) -> dict[str, Any]:
    """Give what of a question the author of a workflow decides."""
    whom = ask.asked.model_dump(include={"model", "tier"}, exclude_none=True)
    parameters = ask.asked.parameters.model_dump(exclude_none=True)
    return {
        **whom,
        **({} if ask.system is None else {"system": ask.system}),
        **({"parameters": parameters} if parameters else {}),
        "prompt": ask.prompt,
    }
