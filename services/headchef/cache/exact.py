"""Looks for earlier answers to the very questions that are asked: one lookup for a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headchef_contracts.events.steps import Step

from headchef.cache.guarded import GuardedStore
from headchef.cache.store import Sought, StoredAnswer


@dataclass(frozen=True, slots=True)
class Found:
    """What a lookup came to.

    Attributes:
        reachable: whether the store was there to be asked.
        answers: by what was sought; None where there is none.
    """

    reachable: bool
    answers: Mapping[Sought, StoredAnswer | None]

    def of(self, step: Step) -> StoredAnswer | None:
        """Give the answer under a step's tenant and fingerprint, or None."""
        return self.answers.get(Sought(step.job.tenant, step.fingerprint))


class ExactLookup:
    """Looks for the answers of a batch at once.

    Args:
        store: where answers lie; it may be away, and says so.
    """

    def __init__(self, store: GuardedStore) -> None:
        self._store = store

    async def find(self, steps: Sequence[Step]) -> Found:
        """Look for what the steps of a batch ask; if none of them wants an earlier answer, nothing is asked."""
        sought = [Sought(step.job.tenant, step.fingerprint) for step in steps if step.cache == "exact"]
        if not sought:
            return Found(reachable=True, answers={})
        answers = await self._store.lookup(sought)
        if answers is None:
            return Found(reachable=False, answers={})
        return Found(reachable=True, answers=dict(zip(sought, answers, strict=True)))
