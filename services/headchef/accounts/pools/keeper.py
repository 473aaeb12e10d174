"""Keeps the pools: counts what is observed of reused answers, and says when answers may be reused.

Of cache.observed; produces cache.bounds. A pool has one owner, so its counts are those of all caches together.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from headchef_contracts.events.bounds import Band, BoundSet, CacheObserved, Guess
from headchef_contracts.events.common import Decided

from headchef.accounts.pools.counting import counted
from headchef.accounts.pools.records import (
    OBSERVED,
    POOLS,
    SERVED,
    Hit,
    PoolRecord,
    ServedRecord,
    observed_key,
    pool_key,
    question_id,
    read_pool_record,
    read_served,
    served_key,
    stored,
    undecided,
)
from headchef.bound import STATISTIC, Label, Pool, new_pool, read_pool
from headchef.pooled import parts_of
from headchef.runtime.processor import Change, Emit, Outcome, State, Timer

POLICY_VERSION = "pools/1"

PREFIX = "pools\0"
"""Of the names of this keeper's timers."""

NEWS_OF_COUNTS = timedelta(minutes=5)
"""After so long a bound is told again for its counts, at the next observation: people look at them."""

FORGOTTEN = timedelta(days=90)
"""After its last observation a pool is forgotten, and learns anew should its questions come again."""

ON_THEIR_WAY = timedelta(minutes=1)
"""So long after a correction its answer may still serve, where nobody has heard of it yet, or by another clock."""


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What an observation comes to.

    Attributes:
        pool: with what it teaches.
        served: what is known now of those whom the answer has served; None for no change.
        corrected: so many reused answers are known as wrong by what a person has said.
    """

    pool: Pool
    served: ServedRecord | None = None
    corrected: int = 0


def observe(event: CacheObserved, state: State, decided: Decided) -> Outcome:
    """Count an observation, once, and say what follows from it.

    Args:
        event: what was observed.
        state: of the pool's task.
        decided: at what time and from what.
    """
    written = state.get(POOLS, pool_key(event.account))
    before = PoolRecord(newest=decided) if written is None else read_pool_record(written)
    known = state.get(OBSERVED, observed_key(event))
    # At least once a crash may have come between the stores: what the pool does not know of was never counted.
    if known is not None and int(known) <= before.observed:
        return Outcome(counted=("headchef.pools.repeated",))
    number = before.observed + 1
    seen = Change(OBSERVED, observed_key(event), str(number).encode())
    if event.may_ask and event.judgement is None and before.is_full:
        unheard = undecided(before.model_copy(update={"observed": number, "newest": decided}))
        return Outcome(changes=(seen, stored(event.account, unheard)), counted=("headchef.pools.unasked",))
    learnt = _learn(event, known_pool(before), _whom_it_served(event, state), number)
    after = before.model_copy(
        update={
            "observed": number,
            "newest": decided,
            "learnt": learnt.pool.written().decode(),
            "counts": counted(before.counts, event, learnt.corrected),
        }
    )
    outputs: tuple[Emit, ...] = ()
    bound = learnt.pool.bound()
    if bound.number != before.bound or (before.said_at and decided.at - before.said_at >= NEWS_OF_COUNTS):
        said = {"bound": bound.number, "number": before.number + 1, "said_at": decided.at}
        after = after.model_copy(update=said)
        outputs = (_said(event.account, after, bound.weights, _bands(learnt.pool), decided),)
    changes = [seen]
    if learnt.served is not None:
        changes.append(Change(SERVED, served_key(event.account, event.source), learnt.served.written()))
    changes.append(stored(event.account, after))
    timers = (forgetting(event.account, decided.at),) if written is None else ()
    return Outcome(outputs, tuple(changes), timers=timers)


def forget(timer: Timer, state: State, now: datetime) -> Outcome:
    """Forget a pool of which nothing was observed for long, and reuse nothing of it; else look again later.

    Args:
        timer: names the pool.
        state: of the pool's task.
        now: the time.
    """
    account = timer.payload.decode()
    written = state.get(POOLS, pool_key(account))
    if written is None:
        return Outcome()
    record = read_pool_record(written)
    if now - record.newest.at < FORGOTTEN:
        return Outcome(timers=(forgetting(account, record.newest.at),))
    forgotten = (Change(POOLS, pool_key(account), None),)
    if record.number == 0:
        return Outcome(changes=forgotten)
    closed = record.model_copy(update={"number": record.number + 1})
    decided = record.newest.model_copy(update={"at": now})
    return Outcome((_said(account, closed, (), (), decided),), forgotten)


def forgetting(account: str, since: datetime) -> Timer:
    """Set the timer by which a pool is forgotten of which nothing was observed since a time."""
    return Timer(f"{PREFIX}{account}", since + FORGOTTEN, account.encode())


def known_pool(record: PoolRecord) -> Pool:
    """Give what is learnt of a pool, as it is remembered."""
    if record.learnt is None:
        return new_pool()
    try:
        return read_pool(record.learnt.encode())
    except ValueError:
        # Another release has other statistics. Its numbers mean something else here: the pool learns anew.
        return new_pool()


def _whom_it_served(event: CacheObserved, state: State) -> ServedRecord:
    written = state.get(SERVED, served_key(event.account, event.source))
    served = ServedRecord() if written is None else read_served(written)
    return served.at(event.decided.at) if event.kind == "served" else served


def _learn(event: CacheObserved, pool: Pool, served: ServedRecord, number: int) -> _Learnt:
    guess = event.guess
    match event.kind:
        case "label" if guess is not None and len(guess.features) == len(pool.bound().weights):
            label = label_of(guess, wrong=bool(event.wrong))
            judged = event.judgement
            return _Learnt(pool.learn(label) if judged is None else pool.decide(judged.job_id, label))
        case "served" if guess is not None and 0 < served.wrong_at < number:
            # It was on its way when its source was corrected.
            return _Learnt(pool.found_wrong(guess.wrong), corrected=1)
        case "served" if guess is not None:
            return _Learnt(pool, served.with_hit(Hit(id=question_id(event), guess=guess.wrong)))
        # Known as wrong by itself, it does not count again when its source is corrected.
        case "refused" if guess is not None:
            return _Learnt(pool.found_wrong(guess.wrong), served.without(question_id(event)))
        case "corrected" if guess is not None:
            return _Learnt(pool.found_wrong(guess.wrong), served.without(question_id(event)), corrected=1)
        # A person has corrected the source. That may be told twice, also by two persons.
        case "corrected" if not 0 < served.wrong_at < number:
            for hit in served.hits:
                pool = pool.found_wrong(hit.guess)
            wrong = {"wrong_at": number, "wrong_until": event.decided.at + ON_THEIR_WAY}
            return _Learnt(pool, served.model_copy(update=wrong), len(served.hits) + served.more)
        case "corrected":
            return _Learnt(pool, served.model_copy(update={"wrong_until": event.decided.at + ON_THEIR_WAY}))
        case _:
            return _Learnt(pool)


def label_of(guess: Guess, *, wrong: bool) -> Label:
    """Give what is learnt of a guess."""
    return Label(guess.features, guess.wrong, wrong, explored=guess.choice != "ask", explore=guess.share)


def _bands(pool: Pool) -> tuple[Band, ...]:
    return tuple(Band(up_to=each.up_to, at_most=each.at_most) for each in pool.bound().bands)


def _said(
    account: str, record: PoolRecord, weights: tuple[float, ...], bands: tuple[Band, ...], decided: Decided
) -> Emit:
    tenant, pool, embedder = parts_of(account)
    said = BoundSet(
        account=account,
        tenant=tenant,
        pool=pool,
        embedder=embedder,
        number=record.number,
        statistic=STATISTIC,
        weights=weights,
        bands=bands,
        counts=record.counts,
        set_at=decided.at,
        decided=decided,
    )
    # In one partition, so that the order of what is said of a pool stays, however many the topic is given.
    return Emit("cache.bounds", said, identity=f"{account}\0{record.number}", among=1)
