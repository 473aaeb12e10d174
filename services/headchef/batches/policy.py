"""Decides what a job adds to its batch, and whether the batch has ended by it. Pure.

A job counts once, by its newest result: a rerun or a new revision takes the place of what came before, and a result
that of a refusal. So what a batch comes to is the same in whatever order its jobs end, and however often that is told.

At least once the store of the jobs is written before that of the batches, and a crash may fall between the two. A job
says of each of its counts which change of the batch that was; one that the batch does not know was never counted, and
comes again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from headchef_contracts.events.batches import BatchCounted, BatchCounts
from headchef_contracts.events.common import Usage

from headchef.batches.account import Account, Counted

POLICY_VERSION = "batches-1"

_REMEMBERED = 8
"""Counts of a job: more runs of it do not end between two writes of its batch."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What comes of an event.

    Attributes:
        account: as it is now.
        member: what the job has been counted for; None where that is as it was.
        finished: whether the batch has ended just now.
        late: whether it had ended before.
    """

    account: Account
    member: tuple[Counted, ...] | None = None
    finished: bool = False
    late: bool = False


def take(account: Account | None, member: Sequence[Counted], news: BatchCounted, now: datetime) -> Taken:
    """Count a job.

    Args:
        account: of the batch, or None where nothing is known of it.
        member: what this job was counted for before.
        news: what it came to now.
        now: the time.
    """
    before = account or Account(
        tenant=news.tenant,
        batch_id=news.batch_id,
        began_at=news.submitted_at,
        ended_at=news.ended_at,
        heard_at=now,
    )
    known = [each for each in member if each.change <= before.changes]
    if before.finished:
        return Taken(before, late=not known)
    sized = before.model_copy(update={"size": _larger(before.size, news.batch_size)})
    counted = Counted(
        change=before.changes + 1,
        revision=news.revision,
        run=news.run,
        status=news.status,
        cost_usd=news.cost_usd,
        usage=news.usage,
    )
    if known and known[-1].rank >= counted.rank:
        taken = Taken(sized)
    else:
        kept = (*known[1 - _REMEMBERED :], counted)
        taken = Taken(_moved(sized, known[-1] if known else None, counted, news, now), kept)
    size = taken.account.size
    if size is None or taken.account.counts.total < size:
        return taken
    return replace(taken, account=taken.account.model_copy(update={"finished": True}), finished=True)


def _moved(account: Account, old: Counted | None, new: Counted, news: BatchCounted, now: datetime) -> Account:
    """Put one count in the place of another.

    Nothing falls below zero: at least once a former owner of the task may have set the account back, behind its jobs.
    """
    counts = account.counts.model_dump()
    counts[new.status] += 1
    cost_usd, unpriced = account.cost_usd + (new.cost_usd or Decimal()), account.unpriced + (new.cost_usd is None)
    if old is not None:
        counts[old.status] = max(0, counts[old.status] - 1)
        cost_usd = max(Decimal(), cost_usd - (old.cost_usd or Decimal()))
        unpriced = max(0, unpriced - (old.cost_usd is None))
    return account.model_copy(
        update={
            "changes": new.change,
            "counts": BatchCounts(**counts),
            "cost_usd": cost_usd,
            "unpriced": unpriced,
            "usage": _with(account.usage, new.usage, old.usage if old else Usage()),
            "began_at": min(account.began_at, news.submitted_at),
            "ended_at": max(account.ended_at, news.ended_at),
            "heard_at": now,
        }
    )


def _larger(one: int | None, other: int | None) -> int | None:
    return other if one is None else max(one, other or one)


def _with(sum_: Usage, plus: Usage, minus: Usage) -> Usage:
    def tokens(name: str) -> int:
        left: int = getattr(sum_, name) + getattr(plus, name) - getattr(minus, name)
        return max(0, left)

    return Usage(**{name: tokens(name) for name in Usage.model_fields})
