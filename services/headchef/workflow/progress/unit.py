"""What is worked on, a step or one item of it, and what comes of it."""

from dataclasses import dataclass
from typing import Any

from headchef_contracts.events.common import Finding


@dataclass(frozen=True, slots=True)
class Unit:
    """A step, or one item of a step that is run for each of several.

    Attributes:
        step: its id.
        item: the item's key; None for a step that is run once.
    """

    step: str
    item: str | None = None

    def __str__(self) -> str:
        return self.step if self.item is None else f"{self.step}[{self.item}]"


@dataclass(frozen=True, slots=True)
class Came:
    """It has an output.

    Attributes:
        value: the output.
        undecided: whether a person was to decide about it, and nobody has.
    """

    value: Any
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """It has none.

    Attributes:
        reason: in a word, such as `timeout`, `rejected` or `template`.
        message: what happened, in words.
        findings: what checks found, where that is the reason.
        leave_out: whether the job goes on without it, whatever its step says of errors.
    """

    reason: str
    message: str
    findings: tuple[Finding, ...] = ()
    leave_out: bool = False


Outcome = Came | Lost
