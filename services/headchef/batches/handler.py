"""Keeps the accounts of batches: what their jobs came to, until all have ended.

Consumes jobs.finished and jobs.refused, of which it passes on what belongs to a batch, and batches.counted, where all
of a batch meets in one task; produces batches.counted and batches.finished, and a brake where too many answers are bad.
A job without a batch leaves no trace here.
"""

from datetime import datetime, timedelta

from headchef_contracts.events.batches import BatchCounted
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.jobs import JobFinished, JobRefused

from headchef.batches.account import (
    ACCOUNTS,
    MEMBERS,
    Account,
    account_key,
    member_key,
    read_account,
    read_member,
    write_member,
)
from headchef.batches.heard import Heard
from headchef.batches.limit import Brake
from headchef.batches.pausing import of_pause, scope_of
from headchef.batches.policy import POLICY_VERSION, take
from headchef.batches.telling import of_batch, of_finished, of_refused
from headchef.brakes import TOPIC
from headchef.runtime.clock import Clock
from headchef.runtime.errors import InvariantBroken
from headchef.runtime.processor import Change, Delivery, Emit, Outcome, State, Timer

_AFTER = timedelta(hours=1)
"""How much longer a batch is remembered than the last of its jobs, so that none outlives it."""


class BatchesHandler:
    """Handles one event at a time, in order.

    Args:
        clock: for the time of decisions.
        remembered: how long the jobs of a batch are.
        homes: accounts are kept by the tasks of so many partitions, the first ones.
        warm_up: answers that are waited for before a batch is paused.
        heard: what was said of batches' brakes.
    """

    def __init__(self, *, clock: Clock, remembered: timedelta, homes: int, warm_up: int, heard: Heard) -> None:
        self._clock = clock
        self._remembered = remembered + _AFTER
        self._homes = homes
        self._warm_up = warm_up
        self._heard = heard

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Pass on what belongs to a batch, or count it, or forget a batch."""
        now = self._clock.now()
        if delivery.timer is not None:
            return self._forget(delivery.timer, state, now)
        decided = _decided(now, delivery.cause)
        match delivery.event:
            case JobFinished() as finished:
                batch_id = finished.job.batch_id
                return self._pass_on(None if batch_id is None else of_finished(finished, batch_id, decided))
            case JobRefused() as refused:
                return self._pass_on(of_refused(refused, decided))
            case BatchCounted() as news:
                return self._count(news, state, decided)
            case _:
                raise InvariantBroken(f"no {type(delivery.event).__name__} is counted")

    def _pass_on(self, news: BatchCounted | None) -> Outcome:
        # Always among the same partitions: what is left of an open batch must find it when the topic has grown.
        return Outcome() if news is None else Outcome((Emit("batches.counted", news, among=self._homes),))

    def _count(self, news: BatchCounted, state: State, decided: Decided) -> Outcome:
        key = account_key(news.tenant, news.batch_id)
        member = member_key(key, news.job_id, news.record)
        stored, counted = state.get(ACCOUNTS, key), state.get(MEMBERS, member)
        before = () if counted is None else read_member(counted)
        account = None if stored is None else read_account(stored)
        brake = Brake(self._warm_up, self._heard.last(scope_of(news.tenant, news.batch_id).name))
        taken = take(account, before, news, decided.at, brake)
        if taken.late:
            return Outcome(counted=("headchef.batches.late",))
        changes = []
        if taken.member is not None:
            changes.append(Change(MEMBERS, member, write_member(taken.member)))
        if taken.account != account:
            changes.append(Change(ACCOUNTS, key, taken.account.written()))
        # Set by the first job alone, but each time that it is told of: at least once the timer may be missing.
        is_first = any(each.change == 1 for each in taken.member or before)
        timers = (self._timer(key, taken.account),) if is_first else ()
        if taken.pause:
            # In the partition where all brakes are said, so that their order stays however many the topic is given.
            pause = Emit(TOPIC, of_pause(taken.account, decided), among=1)
            return Outcome((pause,), tuple(changes), counted=("headchef.batches.paused",), timers=timers)
        if not taken.finished or taken.account.size is None:
            return Outcome(changes=tuple(changes), timers=timers)
        finished = Emit("batches.finished", of_batch(taken.account, taken.account.size, decided))
        return Outcome((finished,), tuple(changes), counted=("headchef.batches.finished",), timers=timers)

    def _forget(self, timer: Timer, state: State, now: datetime) -> Outcome:
        stored = state.get(ACCOUNTS, timer.payload)
        if stored is None:
            return Outcome()
        again = self._timer(timer.payload, read_account(stored))
        if again.due > now:
            return Outcome(timers=(again,))
        return Outcome(changes=(Change(ACCOUNTS, timer.payload, None),))

    def _timer(self, key: bytes, account: Account) -> Timer:
        return Timer(key.decode(), account.heard_at + self._remembered, key)


def _decided(now: datetime, cause: Cause) -> Decided:
    return Decided(at=now, seed=0, catalog_version=None, policy_version=POLICY_VERSION, causes=(cause,))
