"""Questions that share what is learnt of reused answers: their pool, who asks, and what is told to its owner. Pure."""

from typing import Any

from headchef_contracts.events.bounds import CacheObserved, Guess, ObservedKind
from headchef_contracts.events.common import Decided
from headchef_contracts.events.judgements import JudgementAsked, ModelQuestion
from headchef_contracts.events.semantic import Asker, Nearest, SemanticQuestion
from headchef_contracts.events.steps import Step

from headchef.account_names import joined, read
from headchef.homes import HOMES
from headchef.runtime.processor import Emit

TOPIC = "cache.observed"


def pool_account(tenant: str, pool: str, embedder: str) -> str:
    """Name the account of a pool. Each tenant has its own, and so has each embedder: others' scores say nothing of its.

    Args:
        tenant: whose questions they are.
        pool: as their steps name it.
        embedder: whose vectors are compared.
    """
    return joined(tenant, pool, embedder)


def parts_of(account: str) -> tuple[str, str, str]:
    """Give tenant, pool and embedder of an account's name."""
    tenant, pool, embedder = account.split("/")
    return read(tenant), read(pool), read(embedder)


def asker_of(step: Step) -> Asker:
    """Say which question a step is; what is not set is not written."""
    job = step.job
    known = {"run": job.run, "revision": job.revision, "item": step.item, "plan": step.plan}
    return Asker.model_validate(
        {"job_id": job.job_id, "step_id": step.step_id, **{name: value for name, value in known.items() if value}}
    )


def observed(
    kind: ObservedKind,
    tenant: str,
    question: SemanticQuestion,
    asker: Asker,
    nearest: Nearest,
    decided: Decided,
    homes: int = HOMES,
    **more: Any,
) -> Emit:
    """Say it.

    Args:
        kind: what is known.
        tenant: whose question it was.
        question: as it was compared.
        asker: which question it was.
        nearest: the earlier one whose answer was reused, or would have been.
        decided: from what this follows.
        homes: accounts are kept in so many partitions, the first ones.
        more: further fields of the event, such as `wrong` of a label.
    """
    event = CacheObserved(kind=kind, **_about(tenant, question, asker, nearest), decided=decided, **more)
    # At least once the same may be said by two records: it is one observation all the same.
    return Emit(TOPIC, event, identity=f"{event.account}\0{event.about}", among=homes)


def asked_of_model(
    asked: ModelQuestion,
    judge: str,
    tenant: str,
    question: SemanticQuestion,
    asker: Asker,
    nearest: Nearest,
    decided: Decided,
    homes: int = HOMES,
) -> Emit:
    """Ask the owner of a pool to have a model compare a fresh answer with the one that would have been reused.

    Args:
        asked: what the model is to be asked.
        judge: who asks, with its version.
        tenant: whose question the fresh answer is to.
        question: as it was compared.
        asker: which question it was.
        nearest: the earlier one.
        decided: from what this follows.
        homes: accounts are kept in so many partitions, the first ones.
    """
    about = _about(tenant, question, asker, nearest)
    event = JudgementAsked(judge=judge, question=asked, decided=decided, **about)
    return Emit(TOPIC, event, identity=f"{event.account}\0{event.about}", among=homes)


def _about(tenant: str, question: SemanticQuestion, asker: Asker, nearest: Nearest) -> dict[str, Any]:
    """Give what all say to the owner of a pool about a question and the earlier one that is nearest to it."""
    asked_all = nearest.choice == "ask" or question.mode == "shadow"
    return {
        "account": pool_account(tenant, question.pool, nearest.embedder),
        "tenant": tenant,
        "pool": question.pool,
        "embedder": nearest.embedder,
        "source": nearest.fingerprint,
        "asker": asker,
        "mode": question.mode,
        "guess": Guess(
            features=nearest.features,
            wrong=nearest.wrong,
            bound=nearest.bound,
            choice=nearest.choice,
            share=1.0 if asked_all else question.explore,
        ),
    }
