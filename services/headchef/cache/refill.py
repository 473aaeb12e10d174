"""Fills a store of answers that was lost, from the verdicts that `cache.settled` still has."""

import logging
from collections.abc import Sequence
from datetime import datetime

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause

from headchef.cache.guarded import GuardedStore
from headchef.cache.policy import CachePolicy, worth_keeping
from headchef.cache.semantic import ByMeaning
from headchef.cache.store import Sought, StoredAnswer
from headchef.cache.taking_back import TakingBack
from headchef.cache.validity import serving
from headchef.cache.withdrawn import Withdrawn
from headchef.runtime.clock import Clock
from headchef.runtime.replay_input import Replay, Replayed
from headchef.runtime.telemetry.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

TOPIC = "cache.settled"

LOOK_S = 10.0
"""Between two looks whether the store was made anew, as when somebody dropped its collection."""


class Refill:
    """Puts back what is to be kept: accepted, neither expired nor invalidated nor withdrawn, and not replaced since.

    It begins when the store says that it was made empty, and at the beginning again if the process ends in between.
    Meanwhile the cache goes on with what it has.

    Args:
        store: where answers lie; it may be away, and says so.
        policy: how long they serve.
        taking_back: says what holds no longer, and takes back what does not any more once it is put back.
        withdrawn: what people have found wrong.
        clock: says what has expired.
        metrics: counts what was put back.
        meaning: takes the questions to answers that are put back, where they may be compared; None for nobody.
    """

    def __init__(
        self,
        store: GuardedStore,
        policy: CachePolicy,
        taking_back: TakingBack,
        withdrawn: Withdrawn,
        clock: Clock,
        metrics: Metrics,
        meaning: ByMeaning | None = None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._taking_back = taking_back
        self._withdrawn = withdrawn
        self._clock = clock
        self._metrics = metrics
        self._meaning = meaning
        self._put = 0

    @property
    def replay(self) -> Replay:
        """Tell the runtime what to read."""
        return Replay(TOPIC, self.wanted, self.take, self.done)

    async def wanted(self) -> None:
        """Wait until the store was made empty."""
        while not await self._store.unfilled():
            await self._clock.sleep(LOOK_S)
        self._put = 0
        _LOGGER.warning(
            "The answer store is new or was lost, or is to be filled again: from %s, while the cache works.",
            TOPIC,
        )

    async def take(self, events: Sequence[Replayed]) -> bool:
        """Put back the answers of some verdicts. Says whether the store took them."""
        now = self._clock.now()
        accepted = [
            (event, cause, each)
            for event, cause in events
            if isinstance(event, CacheSettled)
            and (each := self._kept(event, cause, now)) is not None
            and self._taking_back.holds(each)
        ]
        # Of two verdicts the one that was given later counts, wherever they lie: together, or apart as below.
        accepted.sort(key=lambda verdict: verdict[2].settled_at)
        kept = {_sought(verdict[2]): verdict for verdict in accepted}
        there = await self._store.lookup(list(kept))
        if there is None:
            return False
        missing = [
            (event, cause, each)
            for (event, cause, each), found in zip(kept.values(), there, strict=True)
            # What was settled since the reading began is there by now, and is the later one.
            if found is None or found.settled_at < each.settled_at
        ]
        answers = [each for _, _, each in missing]
        if missing and not await self._store.put(answers):
            return False
        standing = await self._taking_back.after(self._store, answers)
        if self._meaning is not None:
            hold = {_sought(each) for each in standing}
            await self._meaning.remember([verdict for verdict in missing if _sought(verdict[2]) in hold], now)
        self._put += len(standing)
        self._metrics.count("headchef.cache.refilled", len(standing))
        return True

    def _kept(self, settled: CacheSettled, cause: Cause, now: datetime) -> StoredAnswer | None:
        return self._withdrawn.without_wrong(serving(worth_keeping(settled, cause, self._policy), now))

    async def done(self) -> bool:
        """Let the store know. Says whether it does."""
        if not await self._store.set_filled():
            return False
        _LOGGER.warning(
            "The answer store is filled: %d answers were put back from %s, beside those that it had.", self._put, TOPIC
        )
        return True


def _sought(answer: StoredAnswer) -> Sought:
    return Sought(answer.tenant, answer.fingerprint)
