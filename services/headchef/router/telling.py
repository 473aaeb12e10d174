"""Tells upstream of a record that is no job: why, and where its bytes lie. Pure."""

from headchef_contracts.events.common import Decided
from headchef_contracts.events.jobs import JobRefused

from headchef.router.refusal import Refused
from headchef.router.submission import Submission
from headchef.runtime.processor import Delivery


def refusal_of(refused: Refused, submission: Submission | None, delivery: Delivery, decided: Decided) -> JobRefused:
    """Say it, with all that could be read of the record.

    Args:
        refused: why.
        submission: what could be read; None where that is nothing.
        delivery: the record.
        decided: when, and from what.
    """
    return JobRefused(
        job_id=submission.job_id if submission else None,
        run=submission.run if submission else None,
        tenant=submission.tenant if submission else None,
        batch_id=submission.batch_id if submission else None,
        batch_size=submission.batch_size if submission else None,
        reason=refused.reason,
        field=refused.field,
        message=refused.message,
        source=delivery.cause,
        dead_letter_topic=f"{delivery.topic}.dlq",
        decided=decided,
    )
