"""What a job through a workflow ends with."""

from dataclasses import dataclass
from typing import Any, Literal

from headchef_contracts.events.common import Finding

from headchef.workflow.progress.unit import Lost, Unit

Status = Literal["ok", "needs_review", "rejected", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a job.

    Attributes:
        status: ok; needs_review: likewise, and nobody has decided about it in time; rejected: its output breaks the
            schema of the result; failed: there is no output; cancelled: likewise, since somebody has ended it.
        output: JSON, if there is one.
        findings: what breaks the schema, what was lost on the way to an output that is there all the same, and what
            nobody has decided about.
        failed: what ended it, if there is no output.
        why: and why.
    """

    status: Status
    output: Any = None
    findings: tuple[Finding, ...] = ()
    failed: Unit | None = None
    why: Lost | None = None
