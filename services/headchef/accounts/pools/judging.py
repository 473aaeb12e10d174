"""Has models asked whether answers are the same, and turns what they say into labels. Pure.

Of judgement.asked; produces judgements.planned, one for each pair. Of judgement.ended; produces the label, as
cache.observed, which comes back and is counted as all others are. Nothing waits for a judgement.
"""

from datetime import timedelta
from typing import Any

from headchef_contracts.events.bounds import CacheObserved, Judgement
from headchef_contracts.events.common import Decided
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded, JudgementPlanned

from headchef.accounts.pools.keeper import forgetting
from headchef.accounts.pools.records import (
    JUDGING,
    OBSERVED,
    POOLS,
    SHARED,
    AskedRecord,
    PoolRecord,
    asked_key,
    asked_record,
    observed_key,
    pool_key,
    read_asked,
    read_pool_record,
)
from headchef.judgements import PLANNED, job_id_of
from headchef.pooled import TOPIC
from headchef.runtime.processor import Change, Emit, Outcome, State, Timer

PREFIX = "judgements\0"
"""Of the names of this file's timers."""

MOST_AT_ONCE = 64
"""Judgements of one pool under way. At some seconds each that is more than a bulk lane answers in a second, and a bound
takes some hundreds of labels to open; more would wait behind one another, and be paid for what is known by then."""

PAID_WITHIN = timedelta(hours=1)
"""A model that is not asked by then is not asked at all: bulk work stands before it, and the pool learns otherwise."""

HEARD_WITHIN = timedelta(hours=2)
"""A judgement of which nothing was heard by then is lost: calls that began in time may take long, and be several."""


def ask(event: JudgementAsked, state: State, decided: Decided) -> Outcome:
    """Have a model asked, once, unless many others are.

    Args:
        event: what is to be judged.
        state: of the pool's task.
        decided: at what time and from what.
    """
    written = state.get(POOLS, pool_key(event.account))
    before = PoolRecord(newest=decided) if written is None else read_pool_record(written)
    name, key = job_id_of(event), observed_key(event)
    known = state.get(OBSERVED, key)
    # As of observations: what the pool does not know of was never asked.
    if known is not None and int(known) <= before.observed:
        return Outcome(counted=("headchef.pools.repeated",))
    number = before.observed + 1
    after = before.model_copy(update={"observed": number, "newest": decided})
    seen = Change(OBSERVED, key, str(number).encode())
    if len(before.judging) >= MOST_AT_ONCE:
        changes = (seen, _stored(event.account, _undecided(after)))
        return Outcome(changes=changes, counted=("headchef.pools.unasked",))
    planned = JudgementPlanned(
        job_id=name,
        account=event.account,
        tenant=event.tenant,
        question=event.question,
        deadline=decided.at + PAID_WITHIN,
        decided=decided,
    )
    after = after.model_copy(update={"judging": (*before.judging, name)})
    kept = Change(JUDGING, asked_key(event.account, name), asked_record(event).written())
    lost = Timer(_timer_of(event.account, name), decided.at + HEARD_WITHIN, b"")
    return Outcome(
        (Emit(PLANNED, planned, identity=f"{event.account}\0{name}"),),
        (seen, kept, _stored(event.account, after)),
        timers=(lost, forgetting(event.account, decided.at)) if written is None else (lost,),
    )


def hear(event: JudgementEnded, state: State, decided: Decided, home: int) -> Outcome:
    """Turn a judgement into a label, once; without one there is none.

    Args:
        event: what came of it.
        state: of the pool's task.
        decided: at what time and from what.
        home: the partition of that task, to which the label goes.
    """
    written = state.get(POOLS, pool_key(event.account))
    before = None if written is None else read_pool_record(written)
    if before is None or event.job_id not in before.judging:
        return Outcome(counted=("headchef.pools.repeated",))
    kept = state.get(JUDGING, asked_key(event.account, event.job_id))
    after = _without(before, event.job_id).model_copy(update={"newest": decided})
    if event.same is None:
        after = _undecided(after)
    # At least once a crash may have come after the label was told, and before the pool was written.
    label: tuple[Emit, ...] = ()
    if event.same is not None and kept is not None:
        label = (_label(event, read_asked(kept), decided, home),)
    return Outcome(
        label,
        (*_gone(event.account, event.job_id, state), _stored(event.account, after)),
        cleared=(_timer_of(event.account, event.job_id),),
    )


def give_up(timer: Timer, state: State) -> Outcome:
    """Let a judgement go of which nothing was heard.

    Args:
        timer: names it.
        state: of the pool's task.
    """
    account, _, name = timer.id.removeprefix(PREFIX).rpartition("\0")
    changes = _gone(account, name, state)
    written = state.get(POOLS, pool_key(account))
    if written is not None and name in (before := read_pool_record(written)).judging:
        changes = (*changes, _stored(account, _undecided(_without(before, name))))
    return Outcome(changes=changes)


def _label(event: JudgementEnded, asked: AskedRecord, decided: Decided, home: int) -> Emit:
    said: dict[str, Any] = {name: getattr(asked, name) for name in SHARED}
    if not event.same:
        said["why"] = event.why
    label = CacheObserved(
        account=event.account,
        kind="label",
        wrong=not event.same,
        judge=f"{asked.judge} by {event.model}" if event.model else asked.judge,
        judgement=Judgement(job_id=event.job_id, cost_usd=event.cost_usd),
        decided=decided,
        **said,
    )
    return Emit(TOPIC, label, home, identity=f"{event.account}\0{label.about}")


def _gone(account: str, name: str, state: State) -> tuple[Change, ...]:
    key = asked_key(account, name)
    return () if state.get(JUDGING, key) is None else (Change(JUDGING, key, None),)


def _undecided(pool: PoolRecord) -> PoolRecord:
    counts = pool.counts.model_copy(update={"undecided": pool.counts.undecided + 1})
    return pool.model_copy(update={"counts": counts})


def _without(pool: PoolRecord, name: str) -> PoolRecord:
    return pool.model_copy(update={"judging": tuple(each for each in pool.judging if each != name)})


def _stored(account: str, pool: PoolRecord) -> Change:
    return Change(POOLS, pool_key(account), pool.written())


def _timer_of(account: str, name: str) -> str:
    return f"{PREFIX}{account}\0{name}"
