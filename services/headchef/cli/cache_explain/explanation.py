"""Puts together why each question of a job was answered by an earlier answer, or was not: lines, and JSON. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from headchef.cli.cache_explain.asked import Asked
from headchef.cli.cache_explain.exact import exact_in_words, waiting_in_words
from headchef.cli.cache_explain.meaning import Line, meaning_in_words, outcome_in_words
from headchef.cli.cache_explain.past import Past


def title_of(asked: Asked) -> str:
    """Name a question: its step and item, where the job has several, and its plan."""
    step = asked.step
    item = "" if step.item is None else f"[{step.item}]"
    name = "" if step.workflow is None else f"{step.step_id}{item}, "
    again = f"plan {step.plan}, " if step.plan else ""
    return f"{name}{again}{'not looked at by the cache yet' if asked.use is None else asked.use.kind}"


def lines_of(asked: Asked, past: Past, now: datetime) -> Sequence[Line]:
    """Tell what the cache did with a question, step by step.

    Args:
        asked: the question.
        past: what else is known.
        now: the time, for what has come since then.

    Returns:
        Lines, each with what it is about.
    """
    return list(_lines(asked, past, now))


def _lines(asked: Asked, past: Past, now: datetime) -> Iterator[Line]:
    use, at = asked.use, asked.at
    if use is None or at is None:
        yield "cache", "it has not come to the cache yet, or waits there for the same question"
        return
    yield "exact", exact_in_words(asked, use, at, past)
    if (waited := waiting_in_words(asked, use)) is not None:
        yield "waited", waited
    yield from meaning_in_words(asked, use, past, now)
    yield from outcome_in_words(asked, past)


def as_json(job_id: str, questions: Sequence[Asked], past: Past, now: datetime) -> dict[str, Any]:
    """Give all of it as one JSON value."""
    return {"job_id": job_id, "questions": [_question(asked, past, now) for asked in questions]}


def _question(asked: Asked, past: Past, now: datetime) -> dict[str, Any]:
    step = asked.step
    return {
        "step_id": step.step_id,
        "item": step.item,
        "run": step.job.run,
        "revision": step.job.revision,
        "plan": step.plan,
        "fingerprint": step.fingerprint,
        "cache": None if asked.use is None else asked.use.model_dump(mode="json"),
        "semantic": None if step.semantic is None else step.semantic.model_dump(mode="json"),
        "at": None if asked.at is None else asked.at.isoformat(),
        "refused": None if asked.refused is None else [each.model_dump() for each in asked.refused],
        "observed": [each.model_dump(mode="json", exclude={"question"}) for each in asked.observed],
        "why": [{"about": about, "words": words} for about, words in lines_of(asked, past, now)],
    }
