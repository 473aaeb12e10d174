"""Chooses among open reviews by what options say. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from headchef_contracts.events.reviews import ReviewAsked

from headchef.cli.faults import WrongUsage
from headchef.cli.reviewing.reading import unit_of

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """Which reviews are meant; None for any.

    Attributes:
        job_id: of one job.
        step: of one step.
        item: of one item.
        tenant: of one tenant.
        workflow: of one workflow, by its name, or by name@version.
        batch: of one batch.
        asked_until_ms: asked for until then, in milliseconds of the epoch.
    """

    job_id: str | None = None
    step: str | None = None
    item: str | None = None
    tenant: str | None = None
    workflow: str | None = None
    batch: str | None = None
    asked_until_ms: float | None = None

    @property
    def is_any(self) -> bool:
        """Whether nothing is said."""
        return self == Choice()

    def among(self, reviews: Iterable[ReviewAsked]) -> list[ReviewAsked]:
        """Give those that are meant, in their order."""
        return [each for each in reviews if self._means(each)]

    def _means(self, review: ReviewAsked) -> bool:
        job, workflow = review.job, self.workflow
        named = review.workflow if workflow is None or "@" in workflow else review.workflow.partition("@")[0]
        until_ms = self.asked_until_ms
        return (
            self.job_id in (None, job.job_id)
            and self.step in (None, review.step_id)
            and self.item in (None, review.item)
            and self.tenant in (None, job.tenant)
            and self.batch in (None, job.batch_id)
            and workflow in (None, named)
            and (until_ms is None or review.decided.at.timestamp() * 1000 <= until_ms)
        )


def the_one(found: list[ReviewAsked], choice: Choice) -> ReviewAsked:
    """Give the one review that is meant.

    Raises:
        WrongUsage: there is none, or there are several; names some.
    """
    if not found:
        raise WrongUsage(*nothing(choice))
    if len(found) > 1:
        shown = ", ".join(_said(each) for each in found[:_SHOWN])
        more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise WrongUsage(f"{len(found)} reviews are meant: {shown}{more}", "name one with --step, --item and --tenant")
    return found[0]


def nothing(choice: Choice) -> tuple[str, str]:
    """Say that no open review is meant, and what to do."""
    what = "no review is open" if choice.is_any else "no open review is meant"
    if choice.job_id is not None:
        what = f"no review of job {choice.job_id} is open" + ("" if choice.step is None else " there")
    return what, "`headchef review list` shows those that are"


def _said(review: ReviewAsked) -> str:
    return f"{review.job.job_id} {unit_of(review.step_id, review.item)}"
