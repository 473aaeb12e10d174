"""What a case says in place of models, sources and functions. Pure."""

from collections.abc import Mapping
from typing import Any

from headchef.workflow.cases.form import EVERY_OTHER, CaseEntry
from headchef.workflow.progress import Came, Lost, Outcome, Unit

_SHOWN = 10


class NoAnswer(Exception):
    """A case answers for some items of a step, and not for the one that has come; the message names it."""


class StandIns:
    """The answers and failures of one case.

    Args:
        case: that has them.
    """

    def __init__(self, case: CaseEntry) -> None:
        self._answers = case.answers
        self._fails = case.fails

    def outcome(self, unit: Unit) -> Outcome | None:
        """Give what comes of a step or an item; None where it is to be done.

        Raises:
            NoAnswer: the case answers for other items of its step.
        """
        if unit.step not in self._answers and unit.step not in self._fails:
            return None
        if unit.item is None:
            if unit.step in self._fails:
                return _failed(self._fails[unit.step])
            return Came(self._answers[unit.step])
        answers, fails = by_item(self._answers.get(unit.step)), by_item(self._fails.get(unit.step))
        for key in (unit.item, EVERY_OTHER):
            if key in fails:
                return _failed(fails[key])
            if key in answers:
                return Came(answers[key])
        known = ", ".join(list({**answers, **fails})[:_SHOWN]) or "none"
        raise NoAnswer(f"the case has no answer for {unit}; it has those for {known}, and '*' would be all others")


def by_item(said: Any) -> Mapping[str, Any]:
    """Give what a case says of the items of a step, by their keys, which YAML may have taken for numbers."""
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        return {EVERY_OTHER: said}
    return {str(key): value for key, value in said.items()}


def _failed(reason: str) -> Lost:
    return Lost(reason, "so the case says")
