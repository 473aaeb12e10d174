"""What came of one case of a workflow."""

from dataclasses import dataclass, field
from typing import Any, Literal

from headchef.workflow.cases import Difference, Used

Verdict = Literal["passed", "failed", "error", "interrupted"]


@dataclass(frozen=True, slots=True)
class Result:
    """One case, at its end.

    Attributes:
        case: its name.
        verdict: passed; failed: something is not as expected; error: that could not be found out; interrupted.
        seconds: that it took.
        differences: what is not as expected.
        error: why nothing is known, for `error` and `interrupted`.
        used: what it took.
        status: of the job; empty where it has not ended.
        golden: what can be kept as its golden result; None where the job has not ended.
        updated: whether its golden result was written anew.
    """

    case: str
    verdict: Verdict
    seconds: float
    differences: tuple[Difference, ...] = ()
    error: str = ""
    used: Used = field(default_factory=Used)
    status: str = ""
    golden: Any = None
    updated: bool = False

    @property
    def headline(self) -> str:
        """Say in a line what is wrong; empty for what has passed."""
        if self.error:
            return self.error.splitlines()[0]
        more = f" (and {len(self.differences) - 1} more)" if len(self.differences) > 1 else ""
        return f"{self.differences[0].message}{more}" if self.differences else ""

    @property
    def account(self) -> str:
        """Say all that is wrong, with both sides line by line."""
        return self.error or "\n".join(
            f"{each.message}\n{each.detail}" if each.detail else each.message for each in self.differences
        )
