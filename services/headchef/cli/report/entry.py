"""One job with its result, as the page of results shows it."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from headchef_contracts.events.jobs import JobFinished, JobRefused, JobSubmitted

from headchef.cli.history.describe import body_value
from headchef.cli.report.totals import latency_s
from headchef.cli.submission.rendering import Prompt, rendered


@dataclass(frozen=True, slots=True)
class Entry:
    """One job with its result.

    Attributes:
        kind: what sort of content, for the page's filter.
        job: as it was submitted.
        result: what came out, or why it was refused.
    """

    kind: str
    job: JobSubmitted
    result: JobFinished | JobRefused

    @property
    def status(self) -> str:
        """Give `ok`, `needs_review`, `rejected`, `failed`, `cancelled` or `refused`."""
        return self.result.status if isinstance(self.result, JobFinished) else "refused"

    @property
    def finished(self) -> JobFinished | None:
        """Give the result, or None for a refused job."""
        return self.result if isinstance(self.result, JobFinished) else None

    @property
    def output(self) -> Any:
        """Give the parsed output, or None; what a rejected job's model said is parsed if it is JSON."""
        value = body_value(self.finished.output) if self.finished else None
        if isinstance(value, str) and value.lstrip().startswith("{"):
            with suppress(orjson.JSONDecodeError):
                return orjson.loads(value)
        return value

    @property
    def prompt(self) -> Prompt | None:
        """Give the prompt as the model saw it; None where a workflow did the job."""
        return rendered(self.job) if self.job.workflow is None else None

    @property
    def latency_s(self) -> float | None:
        """Give seconds from submission to result."""
        return latency_s(self.finished) if self.finished else None
