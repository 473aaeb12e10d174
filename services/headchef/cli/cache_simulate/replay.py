"""Replays past questions through what decides in the cache and learns in pools, and counts what would have been."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from headchef.bound import Label, Pool, new_pool
from headchef.cache.meanings import Near
from headchef.cache.semantic.comparing import Answers, Comparing, Fresh
from headchef.cache.semantic.guessing import NEIGHBOURS, Guess, Whose, guess
from headchef.cache.semantic.judging import Judging
from headchef.cache.semantic.learning import question_of
from headchef.cache.store import Sought, StoredAnswer
from headchef.cache.validity import serving
from headchef.cli.cache_simulate.earlier import EarlierQuestions
from headchef.embedding import Vector
from headchef.equality import Different, Same, ToBeAsked, Undecided
from headchef.pooled import pool_account


@dataclass(frozen=True, slots=True)
class Setting:
    """What is tried.

    Attributes:
        max_wrong: the share of reused answers that may be wrong, 0 to 0.2; None for what each job says.
        explore: the share of questions that might be served and are asked all the same, above 0, at most 1; None for
            what each job says.
    """

    max_wrong: float | None = None
    explore: float | None = None


@dataclass(slots=True)
class Outcome:
    """What would have been.

    Attributes:
        questions: how many there were.
        served: those that an earlier answer would have served.
        wrong: of them, those whose fresh answer says otherwise.
        undecided: of those served, the ones whose answers no judge could compare: they count as neither.
        explored: those that might have been served, and whose model would have been asked to learn.
        saved_usd: what the served ones have cost, so far as known.
        unknown_cost: served ones whose cost is not known.
    """

    questions: int = 0
    served: int = 0
    wrong: int = 0
    undecided: int = 0
    explored: int = 0
    saved_usd: Decimal = Decimal(0)
    unknown_cost: int = 0


class Replay:
    """Replays questions in order. Each learns from those before it, as far as these were not served.

    Args:
        setting: what is tried.
        embedder: whose vectors are compared.
        judging: says whether two answers are the same.
    """

    def __init__(self, setting: Setting, embedder: str, judging: Judging) -> None:
        self.outcome = Outcome()
        self._setting = setting
        self._embedder = embedder
        self._judging = judging
        self._earlier = EarlierQuestions()
        self._answers: dict[Sought, StoredAnswer] = {}
        self._pools: defaultdict[str, Pool] = defaultdict(new_pool)

    async def run(self, questions: Sequence[Fresh], vectors: Sequence[Vector], progress: Callable[[], None]) -> Outcome:
        """Replay.

        Args:
            questions: in the order in which they were answered.
            vectors: of their free texts, one for each.
            progress: called after each.
        """
        for fresh, vector in zip(questions, vectors, strict=True):
            await self._ask(fresh, vector)
            progress()
        return self.outcome

    async def _ask(self, fresh: Fresh, vector: Vector) -> None:
        settled, question = fresh.settled, self._as_tried(fresh)
        found = self._earlier.nearest(settled.tenant, question.question.scope, vector, NEIGHBOURS + 1)
        near = [each for each in found if serving(each, settled.settled_at)]
        account = pool_account(settled.tenant, question.question.pool, self._embedder)
        made = (
            None
            if settled.asker is None
            else guess(
                Whose(settled.tenant, settled.fingerprint, settled.asker),
                question.question,
                near,
                self._pools[account].bound(),
                self._embedder,
            )
        )
        comparing = Comparing(self._judging.sitting(), question, self._answers_of(near, fresh))
        self.outcome.questions += 1
        if made is not None and made.nearest.choice == "serve":
            await self._serve(made, comparing)
            return
        if made is not None:
            self.outcome.explored += made.nearest.choice == "explore"
            await self._learn(account, made, question, comparing)
        self._earlier.put(question_of(fresh, vector, await comparing.group(near)))
        self._answers[Sought(settled.tenant, settled.fingerprint)] = fresh.stored

    async def _serve(self, made: Guess, comparing: Comparing) -> None:
        judged = await comparing.with_answer(made.nearest.fingerprint)
        opinion = None if judged is None else judged.opinion
        cost = comparing.fresh.settled.cost_usd
        self.outcome.served += 1
        self.outcome.wrong += isinstance(opinion, Different)
        self.outcome.undecided += opinion is None or isinstance(opinion, Undecided)
        self.outcome.saved_usd += cost or 0
        self.outcome.unknown_cost += cost is None

    async def _learn(self, account: str, made: Guess, question: Fresh, comparing: Comparing) -> None:
        judged = await comparing.with_answer(made.nearest.fingerprint)
        if judged is None or (isinstance(judged.opinion, Undecided) and not isinstance(judged.opinion, ToBeAsked)):
            return
        # No model is asked here. Whoever passed over what one would have to say would learn of equal answers alone.
        label = Label(
            made.nearest.features,
            made.nearest.wrong,
            not isinstance(judged.opinion, Same),
            explored=made.nearest.choice == "explore",
            explore=question.question.explore,
        )
        self._pools[account] = self._pools[account].learn(label)

    def _as_tried(self, fresh: Fresh) -> Fresh:
        """Give a question with what is tried in the place of what its job says."""
        tried = {"max_wrong": self._setting.max_wrong, "explore": self._setting.explore}
        update = {name: value for name, value in tried.items() if value is not None} | {"mode": "serve"}
        question = fresh.question.model_copy(update=update)
        return Fresh(fresh.event_id, fresh.cause, fresh.settled, question, fresh.stored)

    def _answers_of(self, near: Sequence[Near], fresh: Fresh) -> Answers:
        """Give the answers that may be compared with one."""
        sought = (Sought(each.tenant, each.fingerprint) for each in near)
        return Answers({each: self._answers[each] for each in sought}, (fresh.stored,))
