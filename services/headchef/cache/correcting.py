"""Takes in what people have found wrong: such an answer is served and kept no more, and its pool is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from headchef_contracts.events.bounds import CacheObserved
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.corrections import AnswerCorrected, AnswerWithdrawn
from headchef_contracts.events.semantic import Asker

from headchef.cache.exact import Found
from headchef.cache.semantic import Looked
from headchef.cache.store import StoredAnswer
from headchef.cache.withdrawn import TOPIC, Withdrawn
from headchef.pooled import TOPIC as OBSERVED
from headchef.pooled import observed, pool_account
from headchef.runtime.processor import Delivery, Emit, Outcome

VERSION = "corrections/1"
"""Of the decisions in this file, for `decided`; raised when one of them changes."""


class Corrections:
    """What is known of wrong answers while a batch is handled: those of the batch itself count for all of it.

    Args:
        deliveries: of the batch.
        withdrawn: what was found wrong before, which takes up the batch's own.
    """

    def __init__(self, deliveries: Sequence[Delivery], withdrawn: Withdrawn) -> None:
        self._withdrawn = withdrawn
        for delivery in deliveries:
            if isinstance(event := delivery.event, AnswerCorrected):
                withdrawn.heed(event)

    def without_wrong(self, found: StoredAnswer | None) -> StoredAnswer | None:
        """Give an answer unless it is known to be wrong."""
        return self._withdrawn.without_wrong(found)

    def among(self, found: Found) -> Found:
        """Give what a lookup came to without what is known to be wrong."""
        if not self._withdrawn:
            return found
        return replace(found, answers={sought: self.without_wrong(each) for sought, each in found.answers.items()})

    def among_near(self, looked: Mapping[str, Looked]) -> Mapping[str, Looked]:
        """Give what a search by meaning came to, without the answers that are known to be wrong."""
        if not self._withdrawn:
            return looked
        return {event: replace(each, stored=self.without_wrong(each.stored)) for event, each in looked.items()}

    def outcome(self, event: AnswerCorrected, now: datetime, cause: Cause, embedder: str | None, homes: int) -> Outcome:
        """Tell all caches what was corrected, and the owner of the pool.

        Args:
            event: what was found wrong; one of the batch.
            now: the wall clock's time.
            cause: its record.
            embedder: whose vectors are compared here; None where no meanings are.
            homes: accounts are kept in so many partitions, the first ones.
        """
        decided = Decided(at=now, seed=0, catalog_version=None, policy_version=VERSION, causes=(cause,))
        wrong = self._withdrawn.of(event.fingerprint)
        known: dict[str, Any] = {"texts": wrong.texts, "until": wrong.until, "because": event.because}
        withdrawn = AnswerWithdrawn(
            fingerprint=event.fingerprint,
            tenant=event.tenant,
            by=event.by,
            decided=decided,
            **{name: value for name, value in known.items() if value},
        )
        outputs = (Emit(TOPIC, withdrawn, among=1), *told(event, embedder, decided, homes))
        return Outcome(outputs, counted=("headchef.cache.corrected",))


def told(event: AnswerCorrected, embedder: str | None, decided: Decided, homes: int) -> tuple[Emit, ...]:
    """Say what a correction means for the pool of the question.

    Of an answer that was reused for other words only that is known to be wrong: it may be right where it was given
    first. One that was given to its own question is wrong for all whom it served.

    Args:
        event: what was found wrong.
        embedder: whose vectors are compared where none were for this question; None for nobody's.
        decided: from what this follows.
        homes: accounts are kept in so many partitions, the first ones.
    """
    question, nearest = event.semantic, event.cache.nearest
    if question is None:
        return ()
    why = event.because
    if event.cache.kind == "semantic" and nearest is not None:
        return (observed("corrected", event.tenant, question, event.asker, nearest, decided, homes, why=why),)
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
    return (Emit(OBSERVED, said, identity=f"{said.account}\0{said.about}", among=homes),)
