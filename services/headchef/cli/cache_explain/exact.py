"""Says in words why the very same question had an earlier answer that could serve, or had none. Pure."""

from collections.abc import Iterator
from datetime import datetime

from headchef_contracts.events.cache import CacheSettled
from headchef_contracts.events.cache_use import CacheUse

from headchef.cache.invalidated import Invalidated, Origin
from headchef.cache.policy import COMPLETE
from headchef.cli.amounts import duration
from headchef.cli.cache_explain.asked import Asked
from headchef.cli.cache_explain.past import Past

_NOBODY = "nobody had asked the very same before, as far back as the topic reaches"


def exact_in_words(asked: Asked, use: CacheUse, at: datetime, past: Past) -> str:
    """Say what came of the look for the very same question.

    Args:
        asked: the question.
        use: what the cache did with it.
        at: when.
        past: what else is known.
    """
    match use.kind:
        case "exact":
            age = "" if use.age_s is None else f", {duration(use.age_s)} old,"
            return f"the answer of job {use.source_job_id}{age} was reused"
        case "unavailable":
            return "the store of answers was away, and could not be asked"
        case "bypass" if asked.step.cache == "bypass":
            return "not looked for: the job says `bypass`"
        case "bypass":
            return "not reused: the cache could not tell what was invalidated just before"
        case _:
            return "; ".join(_why_none(asked, at, past)) or _NOBODY


def waiting_in_words(asked: Asked, use: CacheUse) -> str | None:
    """Say whom it waited for; None where it did not."""
    if use.waited_s is None:
        return None
    took = duration(use.waited_s)
    if use.kind == "coalesced":
        return f"{took} for job {use.source_job_id}, which was asking the same, and was given its answer"
    return f"{took} for whoever was asking the same; there came no answer that it could share, or too late"


def _why_none(asked: Asked, at: datetime, past: Past) -> Iterator[str]:
    """Give what became of the newest earlier answer to the same question."""
    mine = asked.step.job
    verdicts = [each for each in past.verdicts.get(asked.step.fingerprint, ()) if each.tenant == mine.tenant]
    # Of the same job those of earlier runs and plans are meant, and not its own.
    before = [
        each
        for each in verdicts
        if each.settled_at < at or (each.settled_at == at and each.source_job_id != mine.job_id)
    ]
    others = [each for each in verdicts if each.source_job_id != mine.job_id]
    if asked.use is not None and asked.use.waited_s is not None:
        # It was decided after the wait: what came meanwhile was not there to be found. The wait has a line of its own.
        yield "the very same was being asked just then"
    elif before:
        yield f"job {before[-1].source_job_id} had asked the very same, {_what_became(before[-1], at, past)}"
    elif others:
        yield f"job {others[0].source_job_id} asked the very same about then, and had no answer yet"


def _what_became(verdict: CacheSettled, at: datetime, past: Past) -> str:
    if verdict.answer is None:
        return f"and its answer was {verdict.verdict}: only accepted ones are reused"
    if verdict.answer.finish_reason not in COMPLETE:
        return "and its answer was cut off: such ones are not reused"
    if said := invalidated_in_words(verdict, at, past):
        return f"and its answer {said}"
    if (wrong := past.withdrawn.get(verdict.fingerprint)) is not None and wrong.decided.at <= at:
        why = f": {wrong.because}" if wrong.because else ""
        return f"and {wrong.by} has found wrong what was answered{why}"
    age = duration(max(0.0, (at - verdict.settled_at).total_seconds()))
    return f"{age} before; its answer had expired, had to make room, or was not kept as the store was away"


def invalidated_in_words(verdict: CacheSettled, at: datetime, past: Past) -> str | None:
    """Say what has invalidated an answer until a time; None for nothing."""
    origin = Origin(verdict.tenant, verdict.marks, verdict.planned_at)
    for event, until in past.invalidated:
        alone = Invalidated()
        alone.take(event.scope, until)
        if until <= at and alone.concerns(origin):
            why = f": {event.because}" if event.because else ""
            return f"was invalidated by {event.by}, {event.entry}{why}"
    return None
