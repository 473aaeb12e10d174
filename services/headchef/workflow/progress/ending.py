"""What a job through a workflow ends with."""

from dataclasses import dataclass
from typing import Any, Literal

from headchef_contracts.events.common import Finding

from headchef.workflow.progress.unit import Lost, Unit


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a job.

    Attributes:
        status: ok; rejected: its output breaks the schema of the result; failed: there is no output; cancelled:
            likewise, since somebody has ended it.
        output: JSON, if there is one.
        findings: what breaks the schema, and what was lost on the way to an output that is there all the same.
        failed: what ended it, if there is no output.
        why: and why.
    """

    status: Literal["ok", "rejected", "failed", "cancelled"]
    output: Any = None
    findings: tuple[Finding, ...] = ()
    failed: Unit | None = None
    why: Lost | None = None
