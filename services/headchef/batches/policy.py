"""Decides what a job adds to its batch, and whether the batch has ended by it, or is to pause. Pure.

A job counts once, by its newest result: a rerun or a new revision takes the place of what came before, and a result
that of a refusal. So what a batch comes to is the same in whatever order its jobs end, and however often that is told.

At least once the store of the jobs is written before that of the batches, and a crash may fall between the two. A job
says of each of its counts which change of the batch that was; one that the batch does not know was never counted, and
comes again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from headchef_contracts.events.batches import BatchCounted, BatchCounts
from headchef_contracts.events.common import Usage

from headchef.batches.account import Account, Counted
from headchef.batches.limit import Brake, held_against
from headchef.batches.reasons import with_reasons

POLICY_VERSION = "batches-2"

N = TypeVar("N", int, float)

_REMEMBERED = 8
"""Counts of a job: more runs of it do not end between two writes of its batch."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What comes of an event.

    Attributes:
        account: as it is now.
        member: what the job has been counted for; None where that is as it was.
        finished: whether the batch has ended just now.
        pause: whether too many of its answers are bad, as is certain since just now.
        late: whether it had ended before.
    """

    account: Account
    member: tuple[Counted, ...] | None = None
    finished: bool = False
    pause: bool = False
    late: bool = False


def take(account: Account | None, member: Sequence[Counted], news: BatchCounted, now: datetime, brake: Brake) -> Taken:
    """Count a job.

    Args:
        account: of the batch, or None where nothing is known of it.
        member: what this job was counted for before.
        news: what it came to now.
        now: the time.
        brake: what is known of the batch's.
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
    said = {
        "size": _chosen(max, before.size, news.batch_size),
        "max_reject_rate": _chosen(min, before.max_reject_rate, news.batch_max_reject_rate),
    }
    sized = before.model_copy(update=said)
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
        moved = _moved(sized, known[-1] if known else None, counted, news, now)
        window, pause = held_against(moved.window, news, moved.max_reject_rate, brake)
        taken = Taken(moved.model_copy(update={"window": window}), kept, pause=pause)
    size = taken.account.size
    if size is None or taken.account.counts.total < size:
        return taken
    return replace(taken, account=taken.account.model_copy(update={"finished": True}), finished=True, pause=False)


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
            "reasons": with_reasons(account.reasons, news.reasons),
            "began_at": min(account.began_at, news.submitted_at),
            "ended_at": max(account.ended_at, news.ended_at),
            "heard_at": now,
        }
    )


def _chosen(choose: Callable[[N, N], N], one: N | None, other: N | None) -> N | None:
    """Choose of what two jobs say; one that says nothing has no say."""
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def _with(sum_: Usage, plus: Usage, minus: Usage) -> Usage:
    def tokens(name: str) -> int:
        left: int = getattr(sum_, name) + getattr(plus, name) - getattr(minus, name)
        return max(0, left)

    return Usage(**{name: tokens(name) for name in Usage.model_fields})
