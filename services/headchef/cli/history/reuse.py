"""Says in words what became of a step in the cache, and what was learnt of it."""

from headchef_contracts.events.bounds import CacheObserved
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.judgements import JudgementAsked, JudgementEnded, JudgementPlanned
from headchef_contracts.events.semantic import Nearest

from headchef.cli.amounts import dollars, duration
from headchef.pooled import parts_of

_REUSED = {"semantic": "to a question that means the same reused", "coalesced": "shared"}
_ELSE = {"miss": "no earlier answer", "bypass": "cache bypassed"}


def use_in_words(use: CacheUse, *, shadow: bool = False) -> str:
    """Say what the cache has done.

    Args:
        use: what it knew.
        shadow: whether nothing was to be reused for another wording, but only told.
    """
    waited = "" if use.waited_s is None else f" after {duration(use.waited_s)} of waiting for the same question"
    if use.reused:
        whose = f"answer of job {use.source_job_id}" if use.source_job_id else "earlier answer"
        age = "" if use.age_s is None else f", {duration(use.age_s)} old,"
        how = f"{whose}{age} {_REUSED.get(use.kind, 'reused')}{waited}"
        return f"{how}, {_likeness(use.nearest)}" if use.nearest is not None else how
    word = _ELSE.get(use.kind, "cache away") + waited
    return word if use.nearest is None else f"{word} to this wording; {_thought_of(use.nearest, shadow=shadow)}"


def observed_in_words(event: CacheObserved) -> str:
    """Say what a cache or a person has told of a reused answer."""
    why = f": {event.why}" if event.why else ""
    match event.kind:
        case "label" if event.wrong:
            return f"learnt: the earlier answer would have been wrong{why} ({_judge(event)})"
        case "label":
            return f"learnt: the earlier answer would have done ({_judge(event)})"
        case "served":
            return f"told to pool {event.pool}: an earlier answer was reused"
        case "refused":
            return f"told to pool {event.pool}: the earlier answer was refused{why}"
        case "corrected":
            return f"told to pool {event.pool}: a person says that the answer was wrong{why}"


def asked_in_words(event: JudgementAsked) -> str:
    """Say that a model is to compare a fresh answer with an earlier one; what it says is told when it has."""
    return f"told to pool {event.pool}: a model is to say whether the earlier answer would have done ({event.judge})"


def judgement_planned_in_words(event: JudgementPlanned) -> str:
    """Say whose question a job is by which a model compares two answers."""
    tenant, pool, _ = parts_of(event.account)
    return f"a model is to say whether two answers are the same, for pool {pool} of {tenant}"


def judgement_ended_in_words(event: JudgementEnded) -> str:
    """Say what the model has said."""
    if event.same is None:
        return f"no judgement: {event.why}"
    return f"the answers are {'the same' if event.same else 'not the same'}: {event.why}"


def _judge(event: CacheObserved) -> str:
    """Name who has decided, and what that has cost."""
    if event.judgement is None:
        return event.judge or "nobody is named"
    cost = event.judgement.cost_usd
    return f"{event.judge}, {'cost not known' if cost is None else dollars(cost)}"


def _thought_of(nearest: Nearest, *, shadow: bool) -> str:
    whose = f"that of job {nearest.source_job_id} to another"
    match nearest.choice:
        case "ask":
            return f"{whose} is not sure enough ({_likeness(nearest)})"
        case "explore":
            return f"{whose} might do, and the model is asked to learn ({_likeness(nearest)})"
        case "serve":
            would = "would be reused but for shadow mode" if shadow else "might do, and could not be had"
            return f"{whose} {would} ({_likeness(nearest)})"


def _likeness(nearest: Nearest) -> str:
    return f"likeness {nearest.score:.3f}, wrong by a guess of {100 * nearest.wrong:.1f} %"
