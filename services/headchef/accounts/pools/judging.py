"""Has models asked whether answers are the same, and turns what they say into labels. Pure.

Of judgement.asked; produces judgements.planned, one for each pair. Of judgement.ended; produces the label, as
cache.observed, which comes back and is counted as all others are. Nothing waits for a judgement.

Only answers whose words differ need one. Were those passed over of which a model has not said anything, for ever or not
yet, what is learnt would be of equal answers alone. So they count as wrong from when they are asked about, and until a
model says that they are the same; and where no more may be asked, equal answers do not count either.
"""

from datetime import datetime, timedelta
from typing import Any

from headchef_contracts.events.bounds import CacheObserved, Judgement
from headchef_contracts.events.common import Decided
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded, JudgementPlanned

from headchef.accounts.pools.keeper import forgetting, known_pool, label_of
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
    stored,
    undecided,
)
from headchef.judgements import PLANNED, job_id_of
from headchef.pooled import TOPIC
from headchef.runtime.processor import Change, Emit, Outcome, State, Timer

PREFIX = "judgements\0"
"""Of the names of this file's timers."""

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
    if before.is_full:
        return Outcome(changes=(seen, stored(event.account, undecided(after))), counted=("headchef.pools.unasked",))
    planned = JudgementPlanned(
        job_id=name,
        account=event.account,
        tenant=event.tenant,
        question=event.question,
        deadline=decided.at + PAID_WITHIN,
        decided=decided,
    )
    after = after.model_copy(update={"judging": (*before.judging, name), "learnt": _suspecting(before, event, name)})
    kept = Change(JUDGING, asked_key(event.account, name), asked_record(event).written())
    lost = Timer(_timer_of(event.account, name), decided.at + HEARD_WITHIN, b"")
    return Outcome(
        (Emit(PLANNED, planned, identity=f"{event.account}\0{name}"),),
        (seen, kept, stored(event.account, after)),
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
        after = undecided(after)
    # At least once a crash may have come after the label was told, and before the pool was written.
    label = () if kept is None else (_label(event, read_asked(kept), decided, home),)
    return Outcome(
        label,
        (*_gone(event.account, event.job_id, state), stored(event.account, after)),
        cleared=(_timer_of(event.account, event.job_id),),
    )


def give_up(timer: Timer, state: State, now: datetime, home: int) -> Outcome:
    """Let a judgement go of which nothing was heard: as of each that nobody has made, its answers count as different.

    Args:
        timer: names it.
        state: of the pool's task.
        now: the time.
        home: the partition of that task.
    """
    account, _, name = timer.id.removeprefix(PREFIX).rpartition("\0")
    written = state.get(POOLS, pool_key(account))
    if written is None:
        return Outcome(changes=_gone(account, name, state))
    decided = read_pool_record(written).newest.model_copy(update={"at": now})
    never = JudgementEnded(
        account=account,
        job_id=name,
        same=None,
        why="nothing was heard of it",
        model=None,
        cost_usd=None,
        decided=decided,
    )
    return hear(never, state, decided, home)


def _label(event: JudgementEnded, asked: AskedRecord, decided: Decided, home: int) -> Emit:
    said: dict[str, Any] = {name: getattr(asked, name) for name in SHARED}
    if not event.same:
        said["why"] = event.why if event.same is False else f"nobody has judged: {event.why}"
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


def _suspecting(pool: PoolRecord, event: JudgementAsked, name: str) -> str | None:
    learnt = known_pool(pool)
    if len(event.guess.features) != len(learnt.bound().weights):
        return pool.learnt
    return learnt.suspect(name, label_of(event.guess, wrong=True)).written().decode()


def _without(pool: PoolRecord, name: str) -> PoolRecord:
    return pool.model_copy(update={"judging": tuple(each for each in pool.judging if each != name)})


def _timer_of(account: str, name: str) -> str:
    return f"{PREFIX}{account}\0{name}"
