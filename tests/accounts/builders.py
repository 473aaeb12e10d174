"""Events of reservations for tests: what a job asks for, and what it gives back."""

from typing import Any

from headchef_contracts.events.reservations import ReservationAsked, ReservationReleased

from headchef.unique import account_of
from tests.support.builders import make_decided, make_head

SITE = "ghent.example"


def make_asked(
    job_id: str = "job-1",
    value: str = "Best of Ghent",
    *,
    site: str = SITE,
    name: str = "title",
    item: str | None = None,
    **head: Any,
) -> ReservationAsked:
    """Give what a job asks for; `head` are fields of the job."""
    job = make_head(job_id, **head)
    return ReservationAsked(
        account=account_of(job.tenant, site, name, value),
        job=job,
        workflow="page@1",
        step_id="title",
        item=item,
        site=site,
        name=name,
        value=value,
        decided=make_decided(),
    )


def make_released(
    job_id: str = "job-1",
    value: str = "Best of Ghent",
    *,
    tenant: str = "default",
    site: str = SITE,
    name: str = "title",
    **fields: Any,
) -> ReservationReleased:
    """Give what a job gives back."""
    account = account_of(tenant, site, name, value)
    return ReservationReleased(account=account, tenant=tenant, job_id=job_id, decided=make_decided(), **fields)
