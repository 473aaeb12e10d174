"""What a job holds of values that are to be unique, and gives back unless it comes to a good end. Pure."""

from collections.abc import Iterator

from headchef_contracts.events.common import Decided, JobHead
from headchef_contracts.events.jobs import JobStatus
from headchef_contracts.events.reservations import ReservationReleased

from headchef import unique
from headchef.router.leading.led import Led
from headchef.runtime.processor import Emit
from headchef.workflow.progress import Reserve

TOPIC = "reservations.asked"
_KEPT: tuple[JobStatus, ...] = ("ok", "needs_review")
"""What a job comes to that keeps what it holds: its content is used, or may be when somebody has looked at it."""


def account_for(reserve: Reserve, head: JobHead) -> str:
    """Name the account of a value that a job wants."""
    return unique.account_of(head.tenant, reserve.site, reserve.name, reserve.value)


def given_back(led: Led, status: JobStatus, homes: int, decided: Decided) -> Iterator[Emit]:
    """Give back what a job that is over holds, unless it came to a good end.

    What it has asked for without an answer counts too: the answer may come yet.

    Args:
        led: the job.
        status: of its result.
        homes: accounts are kept in so many partitions, the first ones.
        decided: at what time and from what.
    """
    if status in _KEPT:
        return
    head = led.record.head
    held = [unit.reserved for unit in led.records() if unit.reserved is not None]
    held += [account_for(work, head) for work in led.progress.under_way.values() if isinstance(work, Reserve)]
    for account in dict.fromkeys(held):
        event = ReservationReleased(
            account=account,
            tenant=head.tenant,
            job_id=head.job_id,
            run=head.run,
            revision=head.revision,
            decided=decided,
        )
        yield Emit(TOPIC, event, identity=f"{led.key.decode()}\0released\0{account}", among=homes)
