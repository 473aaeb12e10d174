"""Decides whether an earlier answer serves a step, what follows from that, and which answers are worth keeping."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, assert_never

from headchef_contracts import topics
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.steps import Step, StepCompleted, StepDispatched

from headchef.cache.semantic.guessing import VERSION as SEMANTIC_VERSION
from headchef.cache.semantic.guessing import Guess, Looked
from headchef.cache.store import StoredAnswer
from headchef.pooled import asker_of, observed
from headchef.runtime.processor import Emit

VERSION = "exact-3"
"""Of the decisions in this file, for `decided`; raised when one of them changes."""

COMPLETE = frozenset({"stop"})
"""Finish reasons of answers that the model ended by itself. A cut or refused one must not meet the next job."""

_FREE_USD = Decimal(0)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """What holds for all answers.

    Attributes:
        ttl_s: seconds from the verdict on an answer until it is no longer served; None for ever.
    """

    ttl_s: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """The step gets an earlier answer, and by what kind of likeness; with what was thought of it, if by meaning."""

    stored: StoredAnswer
    kind: Literal["exact", "semantic", "coalesced"] = "exact"
    guess: Guess | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """The step goes to its model, and why; with what was thought of the answer that is nearest in meaning."""

    kind: Literal["miss", "bypass", "unavailable"]
    guess: Guess | None = None


Choice = Hit | Pass


def choose(step: Step, found: StoredAnswer | None, *, reachable: bool) -> Choice:
    """Choose between an earlier answer and the model.

    Args:
        step: what is asked.
        found: the answer under its tenant and fingerprint, if there is one that may be served.
        reachable: whether the store was there to be asked.
    """
    if step.cache == "bypass":
        return Pass("bypass")
    if not reachable:
        return Pass("unavailable")
    return Pass("miss") if found is None else Hit(found)


def by_meaning(choice: Choice, looked: Looked | None) -> Choice:
    """Take up what is known of a step by its meaning, where no exact answer serves it.

    Args:
        choice: without that.
        looked: what is known; None for nothing.
    """
    if looked is None or choice != Pass("miss"):
        return choice
    if looked.stored is None:
        return Pass("miss", looked.guess)
    return Hit(looked.stored, "semantic", looked.guess)


def express(step: Step, choice: Choice, at: datetime, cause: Cause, *why: Cause, waited_s: float | None = None) -> Emit:
    """Say a choice as an event: a completed step that cost nothing, or a dispatch to the step's lane and class.

    Args:
        step: what was asked.
        choice: what came of it.
        at: when it was made.
        cause: the record that planned the step.
        why: what else led to it.
        waited_s: seconds that it waited for the answer to the same question; None where it did not.
    """
    told: dict[str, Any] = {} if waited_s is None else {"waited_s": waited_s}
    if choice.guess is not None:
        told["nearest"] = choice.guess.nearest
    match choice:
        case Hit(stored, kind):
            completed = StepCompleted(
                step=step,
                cache=CacheUse(kind=kind, source_job_id=stored.source_job_id, age_s=age_s(stored, at), **told),
                answer=stored.answer,
                cost_usd=_FREE_USD,
                attempts=0,
                provider_s=0.0,
                decided=_decided(at, (cause, *why, stored.settled), choice.guess),
            )
            return Emit("steps.completed", completed)
        case Pass(kind):
            cache, decided = CacheUse(kind=kind, **told), _decided(at, (cause, *why), choice.guess)
            dispatched = StepDispatched(step=step, cache=cache, decided=decided)
            topic = topics.of_class(f"steps.dispatched.{step.request.lane}", step.job.job_class)
            return Emit(topic, dispatched, among=step.lane_partitions)
        case _:
            assert_never(choice)


def age_s(stored: StoredAnswer, at: datetime) -> float:
    """Give the seconds since an answer was accepted; 0 where the clock of who accepted it is ahead."""
    return max(0.0, round((at - stored.settled_at).total_seconds(), 3))


def served(step: Step, choice: Choice, at: datetime, cause: Cause, homes: int) -> tuple[Emit, ...]:
    """Tell the owner of a pool that an answer was reused for another wording; nothing of any other choice.

    Args:
        step: what was asked.
        choice: what came of it.
        at: when it was made.
        cause: the record that planned the step.
        homes: accounts are kept in so many partitions, the first ones.
    """
    if not isinstance(choice, Hit) or choice.guess is None or step.semantic is None:
        return ()
    decided = _decided(at, (cause, choice.stored.settled), choice.guess)
    nearest = choice.guess.nearest
    return (observed("served", step.job.tenant, step.semantic, asker_of(step), nearest, decided, homes),)


def worth_keeping(settled: CacheSettled, cause: Cause, policy: CachePolicy) -> StoredAnswer | None:
    """Give the answer to store, or None: only an accepted answer that the model ended by itself may be reused.

    Args:
        settled: the verdict.
        cause: its record.
        policy: how long it serves, counted from the verdict, so that storing it again does not prolong it.
    """
    answer = settled.answer
    if settled.verdict != "accepted" or answer is None or answer.finish_reason not in COMPLETE:
        return None
    if settled.used is not None and settled.used.reused:
        # It is another question's answer, and has a source of its own.
        return None
    return StoredAnswer(
        fingerprint=settled.fingerprint,
        tenant=settled.tenant,
        answer=answer,
        model=settled.model,
        source_job_id=settled.source_job_id,
        cost_usd=settled.cost_usd,
        settled_at=settled.settled_at,
        expires_at=None if policy.ttl_s is None else settled.settled_at + timedelta(seconds=policy.ttl_s),
        settled=cause,
        planned_at=settled.planned_at,
        marks=settled.marks,
    )


def _decided(at: datetime, causes: tuple[Cause, ...], guess: Guess | None) -> Decided:
    seed, version = (0, VERSION) if guess is None else (guess.seed, SEMANTIC_VERSION)
    return Decided(at=at, seed=seed, catalog_version=None, policy_version=version, causes=causes)
