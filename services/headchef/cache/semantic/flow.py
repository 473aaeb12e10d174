"""What the cache does with questions that may be compared by their meaning: it looks for earlier ones, and learns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from headchef_contracts.events.corrections import AnswerCorrected
from headchef_contracts.events.steps import Step

from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.semantic.bounds import BoundsInForce
from headchef.cache.semantic.guessing import Looked
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.learning import Earlier, Learning
from headchef.cache.semantic.looking import SemanticLookup
from headchef.cache.semantic.near import NearQuestions
from headchef.cache.store import Sought, StoredAnswer
from headchef.cache.taking_back import TakingBack
from headchef.homes import HOMES
from headchef.runtime.admission import Sharing
from headchef.runtime.broadcast_input import Broadcast
from headchef.runtime.processor import Delivery, Emit
from headchef.runtime.telemetry.metrics import Metrics


class ByMeaning:
    """Looks and learns. Steps that do not ask for it cost nothing here.

    Args:
        near: finds earlier questions.
        meanings: takes new ones; it may be away, and says so.
        answers: where the answers lie.
        judging: lets judges say whether two answers are the same.
        taking_back: takes back questions that hold no longer once they are kept.
        metrics: counts guesses and labels.
        homes: accounts are kept in so many partitions, the first ones.
        sharing: told which tasks are at work, where the embedder has a quota for all of them; None for nobody.

    Attributes:
        questions: what has them, for whoever removes some.
        sharing: as it was given.
    """

    def __init__(
        self,
        near: NearQuestions,
        meanings: GuardedMeanings,
        answers: GuardedStore,
        judging: Judging,
        taking_back: TakingBack,
        metrics: Metrics,
        homes: int = HOMES,
        sharing: Sharing | None = None,
    ) -> None:
        self.homes = homes
        self.sharing = sharing
        self._near = near
        self.questions = meanings
        self._bounds = BoundsInForce()
        self._lookup = SemanticLookup(near, answers, self._bounds, metrics)
        self._learning = Learning(near, meanings, answers, judging, taking_back, metrics, homes)

    @property
    def embedder(self) -> str:
        """Whose vectors are compared."""
        return self._near.embedder

    @property
    def broadcast(self) -> Broadcast:
        """Tell the runtime what to read."""
        return self._bounds.broadcast

    async def forget(self, corrected: Sequence[AnswerCorrected]) -> None:
        """Let questions go whose answers a person has found wrong; see `NearQuestions.forget`."""
        await self._near.forget(Sought(each.tenant, each.fingerprint) for each in corrected)

    async def learn(
        self, deliveries: Sequence[Delivery], kept: Mapping[str, StoredAnswer], now: datetime
    ) -> Mapping[str, tuple[Emit, ...]]:
        """Keep the questions of fresh answers, and say what is observed; see `Learning.learn`."""
        return await self._learning.learn(deliveries, kept, now)

    async def remember(self, verdicts: Sequence[Earlier], now: datetime) -> None:
        """Keep the questions of answers that are put back; see `Learning.remember`."""
        await self._learning.remember(verdicts, now)

    async def look(self, steps: Mapping[str, Step], now: datetime) -> Mapping[str, Looked]:
        """Look for answers that may serve steps which no exact answer serves; see `SemanticLookup.look`."""
        return await self._lookup.look(steps, now)
