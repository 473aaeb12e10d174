"""Takes in verdicts: what is worth keeping is stored before anything is looked up."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from headchef_contracts.events.cache import CacheSettled

from headchef.cache.correcting import Corrections
from headchef.cache.guarded import GuardedStore
from headchef.cache.policy import CachePolicy, worth_keeping
from headchef.cache.store import StoredAnswer
from headchef.cache.taking_back import TakingBack
from headchef.cache.validity import serving
from headchef.runtime.processor import Delivery
from headchef.runtime.telemetry.metrics import Metrics


class Settling:
    """Puts the answers of a batch at once.

    While the store is away, what is settled is not kept (infra/decisions/0007): verdicts and lookups share a task, and
    jobs do not wait for a cache.

    Args:
        store: where answers lie; it may be away, and says so.
        policy: how long they serve.
        taking_back: says what holds no longer, and takes back what does not any more once it is stored.
        metrics: counts what was stored.
    """

    def __init__(self, store: GuardedStore, policy: CachePolicy, taking_back: TakingBack, metrics: Metrics) -> None:
        self._store = store
        self._policy = policy
        self._taking_back = taking_back
        self._metrics = metrics

    async def keep(
        self, deliveries: Sequence[Delivery], corrections: Corrections, now: datetime
    ) -> Mapping[str, StoredAnswer]:
        """Store what is worth keeping; it is stored when this returns, or dropped.

        Args:
            deliveries: of a batch; those that are no verdicts are passed over.
            corrections: what is known to be wrong, and is not kept when it is said again.
            now: the wall clock's time. What a cache that was behind hears of too late to serve it is not stored.

        Returns:
            The answers that may be given to others, whether the store took them or not, by the id of their event.
        """
        answers = {
            delivery.event_id: answer
            for delivery in deliveries
            if isinstance(delivery.event, CacheSettled)
            and (answer := corrections.without_wrong(worth_keeping(delivery.event, delivery.cause, self._policy)))
        }
        self._without_outdated(answers)
        if lasting := [answer for answer in answers.values() if serving(answer, now) is not None]:
            kept = await self._store.put(lasting)
            self._metrics.count("headchef.cache.stored" if kept else "headchef.cache.dropped", len(lasting))
            # What was said of them meanwhile may have been deleted from the store before they were in it.
            await self._taking_back.after(self._store, lasting)
            self._without_outdated(answers)
        return answers

    def _without_outdated(self, answers: dict[str, StoredAnswer]) -> None:
        """Take those out that were invalidated after they had been asked for."""
        outdated = [event for event, answer in answers.items() if not self._taking_back.holds(answer)]
        if outdated:
            self._metrics.count("headchef.cache.outdated", len(outdated))
        for event in outdated:
            del answers[event]
