"""Decides whether an earlier answer serves a step, what follows from that, and which answers are worth keeping."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, assert_never

from headchef_contracts import topics
from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.common import Cause, Decided
from headchef_contracts.events.jobs import CacheUse
from headchef_contracts.events.steps import Step, StepCompleted, StepDispatched

from headchef.cache.store import StoredAnswer
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
    """The step gets an earlier answer, and by what kind of likeness."""

    stored: StoredAnswer
    kind: Literal["exact", "coalesced"] = "exact"


@dataclass(frozen=True, slots=True)
class Pass:
    """The step goes to its model, and why."""

    kind: Literal["miss", "bypass", "unavailable"]


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
    waited: dict[str, Any] = {} if waited_s is None else {"waited_s": waited_s}
    match choice:
        case Hit(stored, kind):
            completed = StepCompleted(
                step=step,
                cache=CacheUse(kind=kind, source_job_id=stored.source_job_id, **waited),
                answer=stored.answer,
                cost_usd=_FREE_USD,
                attempts=0,
                provider_s=0.0,
                decided=_decided(at, (cause, *why, stored.settled)),
            )
            return Emit("steps.completed", completed)
        case Pass(kind):
            cache, decided = CacheUse(kind=kind, **waited), _decided(at, (cause, *why))
            dispatched = StepDispatched(step=step, cache=cache, decided=decided)
            topic = topics.of_class(f"steps.dispatched.{step.request.lane}", step.job.job_class)
            return Emit(topic, dispatched, among=step.lane_partitions)
        case _:
            assert_never(choice)


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
    )


def _decided(at: datetime, causes: tuple[Cause, ...]) -> Decided:
    return Decided(at=at, seed=0, catalog_version=None, policy_version=VERSION, causes=causes)
