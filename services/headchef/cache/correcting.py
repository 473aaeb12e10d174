"""Takes in what people have found wrong: such an answer is served and kept no more, and its pool is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from headchef_contracts.events.bounds import CacheObserved
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.corrections import AnswerCorrected
from headchef_contracts.events.semantic import Asker

from headchef.cache.exact import Found
from headchef.cache.store import StoredAnswer
from headchef.cache.wrong import WRONG, WrongAnswers
from headchef.pooled import TOPIC, observed, pool_account
from headchef.runtime.processor import Change, Delivery, Emit, Outcome, State

VERSION = "corrections/1"
"""Of the decisions in this file, for `decided`; raised when one of them changes."""


class Corrections:
    """What a task knows of wrong answers while it handles a batch: those of the batch itself count for all of it.

    Args:
        deliveries: of the batch.
        state: of the task.
    """

    def __init__(self, deliveries: Sequence[Delivery], state: State) -> None:
        self._state = state
        self._new: dict[str, WrongAnswers] = {}
        for delivery in deliveries:
            if isinstance(event := delivery.event, AnswerCorrected):
                self._new[event.fingerprint] = self.of(event.fingerprint).having(event)

    def of(self, fingerprint: str) -> WrongAnswers:
        """Give what is known to be wrong under a fingerprint."""
        known = self._new.get(fingerprint)
        return WrongAnswers.read(self._state.get(WRONG, fingerprint.encode())) if known is None else known

    def without_wrong(self, found: StoredAnswer | None) -> StoredAnswer | None:
        """Give an answer unless it is known to be wrong."""
        return None if found is None or self.of(found.fingerprint).has(found) else found

    def among(self, found: Found) -> Found:
        """Give what a lookup came to without what is known to be wrong."""
        if not any(found.answers.values()):
            return found
        return replace(found, answers={sought: self.without_wrong(each) for sought, each in found.answers.items()})

    def outcome(self, event: AnswerCorrected, now: datetime, cause: Cause, embedder: str | None) -> Outcome:
        """Remember what was corrected, and tell the owner of the pool.

        Args:
            event: what was found wrong; one of the batch.
            now: the wall clock's time.
            cause: its record.
            embedder: whose vectors are compared here; None where no meanings are.
        """
        decided = Decided(at=now, seed=0, catalog_version=None, policy_version=VERSION, causes=(cause,))
        change = Change(WRONG, event.fingerprint.encode(), self.of(event.fingerprint).written())
        return Outcome(told(event, embedder, decided), (change,), counted=("headchef.cache.corrected",))


def told(event: AnswerCorrected, embedder: str | None, decided: Decided) -> tuple[Emit, ...]:
    """Say what a correction means for the pool of the question.

    Of an answer that was reused for other words only that is known to be wrong: it may be right where it was given
    first. One that was given to its own question is wrong for all whom it served.

    Args:
        event: what was found wrong.
        embedder: whose vectors are compared where none were for this question; None for nobody's.
        decided: from what this follows.
    """
    question, nearest = event.semantic, event.cache.nearest
    if question is None:
        return ()
    why = event.because
    if event.cache.kind == "semantic" and nearest is not None:
        return (observed("corrected", event.tenant, question, event.asker, nearest, decided, why=why),)
    compared = embedder if nearest is None else nearest.embedder
    if compared is None:
        return ()
    said = CacheObserved(
        account=pool_account(event.tenant, question.pool, compared),
        tenant=event.tenant,
        pool=question.pool,
        embedder=compared,
        kind="corrected",
        source=event.fingerprint,
        asker=Asker(job_id=event.source_job_id),
        why=why,
        decided=decided,
    )
    return (Emit(TOPIC, said, identity=f"{said.account}\0{said.about}"),)
