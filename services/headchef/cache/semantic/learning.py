"""Learns from fresh answers: groups their questions with those that have the same answer, and labels the guesses.

The questions of a batch are kept at once; those that come before another in the same batch are earlier ones for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause, Decided

from headchef.cache.guarded import GuardedStore
from headchef.cache.guarded_meanings import GuardedMeanings
from headchef.cache.meanings import Near, Question
from headchef.cache.semantic.comparing import Answers, Comparing, Fresh
from headchef.cache.semantic.guessing import NEIGHBOURS, VERSION
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.likeness import likeness
from headchef.cache.semantic.near import MOST_CHARACTERS, Found, NearQuestions
from headchef.cache.store import Sought, StoredAnswer
from headchef.cache.taking_back import TakingBack
from headchef.cache.validity import serving
from headchef.embedding import Vector
from headchef.equality import ToBeAsked, Undecided
from headchef.pooled import asked_of_model, observed
from headchef.runtime.processor import Delivery, Emit
from headchef.runtime.telemetry.metrics import Metrics

Earlier = tuple[CacheSettled, Cause, StoredAnswer]

_LONGEST_WHY = 500


class Learning:
    """Learns.

    Args:
        near: finds earlier questions.
        meanings: takes the new ones.
        answers: where the answers to earlier questions lie.
        judging: lets judges say whether two answers are the same.
        taking_back: takes back questions that hold no longer once they are kept.
        metrics: counts what was learnt.
        homes: accounts are kept in so many partitions, the first ones.
    """

    def __init__(
        self,
        near: NearQuestions,
        meanings: GuardedMeanings,
        answers: GuardedStore,
        judging: Judging,
        taking_back: TakingBack,
        metrics: Metrics,
        homes: int,
    ) -> None:
        self._near = near
        self._meanings = meanings
        self._answers = answers
        self._judging = judging
        self._taking_back = taking_back
        self._metrics = metrics
        self._homes = homes

    async def learn(
        self, deliveries: Sequence[Delivery], kept: Mapping[str, StoredAnswer], now: datetime
    ) -> Mapping[str, tuple[Emit, ...]]:
        """Keep the questions of fresh answers, and say which of the guesses that were made of them were wrong.

        Args:
            deliveries: of a batch; those that are no verdicts on questions that may be compared are passed over.
            kept: the answers among them that may be given to others, by the id of their event.
            now: the wall clock's time.

        Returns:
            What is observed, by the same ids; nothing where no guess was made, or none can be judged.
        """
        said: dict[str, tuple[Emit, ...]] = {}
        for each in await self._compared(list(_fresh(deliveries, kept)), now):
            if (label := await self._labelled(each, now)) is not None:
                said[each.fresh.event_id] = (label,)
        return said

    async def remember(self, verdicts: Sequence[Earlier], now: datetime) -> None:
        """Keep the questions of answers that are put back into a store, and learn nothing of them again.

        What cannot be kept is let be: those questions are asked again.

        Args:
            verdicts: with their records, and the answers.
            now: the wall clock's time.
        """
        fresh = [
            Fresh(f"{cause.topic}/{cause.partition}/{cause.offset}", cause, settled, settled.semantic, stored)
            for settled, cause, stored in verdicts
            if settled.semantic is not None and len(settled.semantic.text) <= MOST_CHARACTERS
        ]
        await self._compared(fresh, now)

    async def _compared(self, fresh: Sequence[Fresh], now: datetime) -> Sequence[Comparing]:
        """Keep the questions of fresh answers, each in its group, and give who compares the answers."""
        if not fresh:
            return ()
        asked = [(each.settled.tenant, each.question) for each in fresh]
        found = await self._near.of(asked, NEIGHBOURS + 1)
        answers = Answers(await self._earlier(fresh, found), [each.stored for each in fresh])
        sitting = self._judging.sitting()
        comparing = [Comparing(sitting, each, answers) for each in fresh]
        for each in comparing:
            # First of all: whether it becomes a label must not depend on what others take of a judge's time.
            if each.fresh.nearest is not None:
                await each.with_answer(each.fresh.nearest.fingerprint)
        if found is not None:
            await self._group(comparing, found, now)
        return comparing

    async def _earlier(self, fresh: Sequence[Fresh], found: Found | None) -> Mapping[Sought, StoredAnswer]:
        """Give the answers that may be compared with: those of neighbours, and those that would have been reused."""
        sought = {Sought(each.tenant, each.fingerprint) for near in (found.near if found else ()) for each in near} | {
            Sought(each.settled.tenant, each.nearest.fingerprint) for each in fresh if each.nearest is not None
        }
        ordered = sorted(sought)
        answers = await self._answers.lookup(ordered) if ordered else []
        if answers is not None:
            await self._near.forget(where for where, each in zip(ordered, answers, strict=True) if each is None)
        return {where: stored for where, stored in zip(ordered, answers or (), strict=False) if stored is not None}

    async def _group(self, comparing: Sequence[Comparing], found: Found, now: datetime) -> None:
        # A question without a vector is kept when it comes again, if the embedder has room for it by then.
        with_vectors = [
            (each, vector, near)
            for each, vector, near in zip(comparing, found.vectors, found.near, strict=True)
            if vector is not None
        ]
        if not with_vectors:
            return
        alike = likeness([vector for _, vector, _ in with_vectors])
        questions: list[Question] = []
        for number, (each, vector, near) in enumerate(with_vectors):
            known = (earlier for earlier in near if serving(earlier, now))
            before = (near_of(question, alike(at, number)) for at, question in enumerate(questions))
            group = await each.group([*known, *before])
            questions.append(question_of(each.fresh, vector, group))
        questions = [each for each in questions if self._taking_back.holds(each)]
        if not questions:
            return
        kept = await self._meanings.put(questions)
        await self._taking_back.after(self._meanings, questions)
        self._metrics.count("headchef.cache.questions", len(questions), {"kept": str(kept).lower()})

    async def _labelled(self, comparing: Comparing, now: datetime) -> Emit | None:
        fresh = comparing.fresh
        nearest, asker = fresh.nearest, fresh.settled.asker
        if nearest is None or asker is None:
            return None
        if nearest.choice == "serve" and fresh.question.mode == "serve":
            # It was asked since the answer could not be had. Whom that befalls is no random choice.
            return None
        judged = await comparing.with_answer(nearest.fingerprint)
        decided = Decided(at=now, seed=0, catalog_version=None, policy_version=VERSION, causes=(fresh.cause,))
        whose = (fresh.settled.tenant, fresh.question, asker, nearest, decided, self._homes)
        if judged is not None and isinstance(judged.opinion, ToBeAsked):
            self._metrics.count("headchef.cache.labels", 1, {"outcome": "asked"})
            return asked_of_model(judged.opinion.question, judged.judge, *whose)
        if judged is None or isinstance(judged.opinion, Undecided):
            self._metrics.count("headchef.cache.labels", 1, {"outcome": "gone" if judged is None else "undecided"})
            return None
        why = getattr(judged.opinion, "why", None)
        self._metrics.count("headchef.cache.labels", 1, {"outcome": "same" if why is None else "different"})
        about = {
            "wrong": why is not None,
            "judge": judged.judge,
            **({"may_ask": True} if judged.may_ask else {}),
            **({} if why is None else {"why": why[:_LONGEST_WHY]}),
        }
        return observed("label", *whose, **about)


def _fresh(deliveries: Sequence[Delivery], kept: Mapping[str, StoredAnswer]) -> Iterator[Fresh]:
    for delivery in deliveries:
        event = delivery.event
        if not isinstance(event, CacheSettled) or event.semantic is None:
            continue
        if len(event.semantic.text) > MOST_CHARACTERS:
            continue
        stored = kept.get(delivery.event_id)
        if stored is not None:
            yield Fresh(delivery.event_id, delivery.cause, event, event.semantic, stored)


def question_of(fresh: Fresh, vector: Vector, group: str) -> Question:
    """Give the question of a fresh answer as it is kept."""
    stored, settled = fresh.stored, fresh.settled
    return Question(
        tenant=settled.tenant,
        scope=fresh.question.scope,
        fingerprint=settled.fingerprint,
        vector=vector,
        group=group,
        source_job_id=settled.source_job_id,
        settled_at=settled.settled_at,
        planned_at=settled.planned_at,
        expires_at=stored.expires_at,
        marks=settled.marks,
    )


def near_of(question: Question, score: float) -> Near:
    """Give a question as a search that has such a likeness finds it."""
    return Near(
        score=score,
        tenant=question.tenant,
        scope=question.scope,
        fingerprint=question.fingerprint,
        group=question.group,
        source_job_id=question.source_job_id,
        settled_at=question.settled_at,
        planned_at=question.planned_at,
        expires_at=question.expires_at,
        marks=question.marks,
    )
