"""Reviews on a log in memory, for tests of `headchef review`."""

from typing import Any

from headchef_contracts.events.reviews import ReviewAsked

from headchef.cli.reviewing.reading import Found, open_reviews
from headchef.cli.reviewing.running import Decision
from headchef.runtime.log.memory import MemoryLog
from tests.cli.clusters import NAMESPACE, put_event
from tests.support.builders import make_head, make_review

APPROVE = Decision("approve", None, "ann@desk")


async def asked(log: MemoryLog, *reviews: ReviewAsked) -> None:
    for each in reviews:
        await put_event(log, "reviews", each, each.job.job_id.encode())


async def found(log: MemoryLog, max_records: int = 1_000) -> Found:
    return await open_reviews(log, NAMESPACE, max_records=max_records, progress=lambda done, total: None)


def of_job(job_id: str, **fields: Any) -> ReviewAsked:
    about = {name: fields.pop(name) for name in ("tenant", "batch_id", "run") if name in fields}
    return make_review(job=make_head(job_id, **about), **fields)
