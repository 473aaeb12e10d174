"""Tells upstream of a record that is no job: why, and where its bytes lie. Pure."""

from headchef_contracts.events.common import Decided
from headchef_contracts.events.jobs import JobRefused

from headchef.router.claims import NOT_ALLOWED
from headchef.router.refusal import Refused
from headchef.router.submission import Submission
from headchef.runtime.processor import Delivery


def refusal_of(refused: Refused, submission: Submission | None, delivery: Delivery, decided: Decided) -> JobRefused:
    """Say it, with all that could be read of the record; without the tenant and the batch that it may not claim.

    Args:
        refused: why.
        submission: what could be read; None where that is nothing.
        delivery: the record.
        decided: when, and from what.
    """
    claimed = None if refused.reason == NOT_ALLOWED else submission
    return JobRefused(
        job_id=submission.job_id if submission else None,
        run=submission.run if submission else None,
        tenant=claimed.tenant if claimed else None,
        batch_id=claimed.batch_id if claimed else None,
        batch_size=claimed.batch_size if claimed else None,
        reason=refused.reason,
        field=refused.field,
        message=refused.message,
        source=delivery.cause,
        dead_letter_topic=f"{delivery.topic}.dlq",
        decided=decided,
    )
