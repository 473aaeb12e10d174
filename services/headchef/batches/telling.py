"""Tells a batch of a job that has a result or was refused, and everybody of a batch that has ended. Pure.

A refusal repeats what could be read of a record, whatever that was: only what names a batch is counted for one.
"""

from decimal import Decimal

from pydantic import TypeAdapter, ValidationError

from headchef_contracts.events.batches import BatchCounted, BatchFinished
from headchef_contracts.events.common import Decided, Name
from headchef_contracts.events.jobs import JobFinished, JobRefused

from headchef.batches.account import Account
from headchef.batches.reasons import reasons_of

_DEFAULT_TENANT = "default"
_name = TypeAdapter(Name)


def of_finished(event: JobFinished, batch_id: str, decided: Decided) -> BatchCounted:
    """Tell of a result."""
    job = event.job
    return BatchCounted(
        tenant=job.tenant,
        batch_id=batch_id,
        batch_size=job.batch_size,
        batch_max_reject_rate=job.batch_max_reject_rate,
        job_id=job.job_id,
        run=job.run,
        revision=job.revision,
        status=event.status,
        reasons=reasons_of(event),
        cost_usd=event.cost_usd,
        usage=event.usage,
        submitted_at=job.submitted_at,
        ended_at=event.timing.finished_at,
        decided=decided,
    )


def of_refused(event: JobRefused, decided: Decided) -> BatchCounted | None:
    """Tell of a refusal; None where it names no batch that anybody could ask for."""
    tenant = _DEFAULT_TENANT if event.tenant is None else event.tenant
    if event.batch_id is None or not (_is_name(event.batch_id) and _is_name(tenant)):
        return None
    return BatchCounted(
        tenant=tenant,
        batch_id=event.batch_id,
        batch_size=event.batch_size,
        job_id=event.job_id,
        run=event.run or 0,
        status="refused",
        cost_usd=Decimal(),
        submitted_at=event.decided.at,
        ended_at=event.decided.at,
        record=event.source if event.job_id is None else None,
        decided=decided,
    )


def of_batch(account: Account, size: int, decided: Decided) -> BatchFinished:
    """Tell that all jobs of a batch have ended.

    Args:
        account: of the batch.
        size: how many jobs it has.
        decided: from what.
    """
    return BatchFinished(
        tenant=account.tenant,
        batch_id=account.batch_id,
        batch_size=size,
        counts=account.counts,
        cost_usd=account.cost_usd,
        unpriced=account.unpriced,
        usage=account.usage,
        reasons=account.reasons,
        began_at=account.began_at,
        ended_at=account.ended_at,
        decided=decided,
    )


def _is_name(text: str) -> bool:
    try:
        _name.validate_python(text, strict=True)
    except ValidationError:
        return False
    return True
