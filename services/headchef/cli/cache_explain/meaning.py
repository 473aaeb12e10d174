"""Says in words what was thought of the question that is nearest in meaning, and what came of that. Pure."""

from collections.abc import Iterator
from datetime import datetime
from math import expm1

from headchef_contracts.events.bounds import BoundSet, CacheObserved
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.semantic import Nearest, SemanticQuestion

from headchef.bound import FEATURES, STATISTIC
from headchef.cache.semantic.bounds import bound_of
from headchef.cache.semantic.guessing import share_drawn
from headchef.cache.semantic.near import MOST_CHARACTERS
from headchef.cli.cache_explain.asked import Asked
from headchef.cli.cache_explain.exact import invalidated_in_words
from headchef.cli.cache_explain.past import Past
from headchef.cli.cache_stats.view import percent
from headchef.cli.history.reuse import asked_in_words, observed_in_words
from headchef.pooled import pool_account

Line = tuple[str, str]

_TEXT_SHOWN = 200


def meaning_in_words(asked: Asked, use: CacheUse, past: Past, now: datetime) -> Iterator[Line]:
    """Tell it line by line, each with what it is about.

    Args:
        asked: the question.
        use: what the cache did with it.
        past: what else is known.
        now: the time.
    """
    question, nearest = asked.step.semantic, use.nearest
    if question is None:
        yield "by meaning", "not looked for: the job does not say `semantic`"
        return
    yield "asked", _shown(question.text)
    if nearest is None:
        yield "by meaning", _why_none(question, use)
        return
    yield "nearest", _nearest(nearest, past)
    yield "guess", f"wrong with {percent(nearest.wrong)}{_agreement(nearest)}"
    yield from _bounds(asked, question, nearest, past)
    yield "so", _choice(asked, question, nearest)
    for verdict in past.verdicts.get(nearest.fingerprint, ())[-1:]:
        if said := invalidated_in_words(verdict, now, past):
            yield "since then", f"the nearest question's answer {said}"
    if (wrong := past.withdrawn.get(nearest.fingerprint)) is not None:
        why = f": {wrong.because}" if wrong.because else ""
        yield "since then", f"{wrong.by} has found the nearest question's answer wrong{why}"


def outcome_in_words(asked: Asked, past: Past) -> Iterator[Line]:
    """Tell what came of it: what was refused, learnt and corrected."""
    if asked.refused is not None:
        why = "; ".join(f"{each.path} {each.message}".strip() for each in asked.refused)
        yield "refused", f"the reused answer failed the checks of this question, and the model was asked: {why}"
    for observed in asked.observed:
        yield "told", observed_in_words(observed) if isinstance(observed, CacheObserved) else asked_in_words(observed)
    if (wrong := past.withdrawn.get(asked.step.fingerprint)) is not None:
        why = f": {wrong.because}" if wrong.because else ""
        yield "corrected", f"{wrong.by} has found an answer to this question wrong{why}"


def _why_none(question: SemanticQuestion, use: CacheUse) -> str:
    if use.kind in ("exact", "bypass", "unavailable"):
        return "not looked for"
    if len(question.text) > MOST_CHARACTERS:
        return f"not looked for: free texts of more than {MOST_CHARACTERS:,} characters are compared with nobody's"
    return "no earlier question with the same values around its free texts; or embedder or store were away"


def _nearest(nearest: Nearest, past: Past) -> str:
    verdicts = past.verdicts.get(nearest.fingerprint, ())
    texts = [each.semantic.text for each in verdicts if each.semantic is not None]
    said = f": {_shown(texts[-1])}" if texts else ""
    return f"question of job {nearest.source_job_id}, likeness {nearest.score:.3f} by {nearest.embedder}{said}"


def _agreement(nearest: Nearest) -> str:
    if len(nearest.features) != FEATURES:
        return ""
    # As headchef.bound.features makes them: the share of votes, and how many have voted so.
    share, same = nearest.features[2], round(expm1(nearest.features[4]))
    others = "it alone has" if same == 1 else f"{same} of the nearest have"
    return f": {others} this answer, with {percent(share)} of what all say, weighed by likeness"


def _bounds(asked: Asked, question: SemanticQuestion, nearest: Nearest, past: Past) -> Iterator[Line]:
    account = pool_account(asked.step.job.tenant, nearest.pool or question.pool, nearest.embedder)
    said = past.bounds.get(account, ())
    then = next((each for each in said if each.number == nearest.bound), None)
    if nearest.bound == 0:
        yield "bound then", "none yet: nothing may be reused before enough is learnt"
    elif then is None:
        yield "bound then", f"number {nearest.bound}, of which the topic has only newer ones"
    else:
        yield "bound then", _limit(then, nearest, question, nearest.wrong)
    if said and said[-1].number != nearest.bound:
        newest = said[-1]
        readable = newest.statistic == STATISTIC and len(newest.weights) == len(nearest.features) == FEATURES
        wrong = bound_of(newest).wrong(nearest.features) if readable else nearest.wrong
        yield "bound now", _limit(newest, nearest, question, wrong)


def _limit(said: BoundSet, nearest: Nearest, question: SemanticQuestion, wrong: float) -> str:
    if said.statistic != STATISTIC:
        return f"number {said.number}, of another release: {said.statistic}"
    limit = bound_of(said).limit(wrong)
    guessed = "" if wrong == nearest.wrong else f" guesses {percent(wrong)} now, and"
    if limit >= 1:
        return f"number {said.number}:{guessed} knows too little of such guesses"
    allowed = "within" if limit <= question.max_wrong else "more than"
    most = f"of all up to this guess {percent(limit)} are wrong at most"
    return f"number {said.number}:{guessed} {most}, {allowed} the job's {percent(question.max_wrong)}"


def _choice(asked: Asked, question: SemanticQuestion, nearest: Nearest) -> str:
    drawn = share_drawn(asked.seed)
    match nearest.choice:
        case "ask":
            return "the model was asked"
        case "explore":
            below = f"drawn {drawn:.3f}, below `explore` {question.explore:g}"
            return f"it might be reused, and the model was asked to learn: {below}"
        case "serve" if asked.use is not None and asked.use.kind == "semantic":
            return f"it was reused: drawn {drawn:.3f}, not below `explore` {question.explore:g}"
        case "serve" if question.mode == "shadow":
            return "it would be reused, but for shadow mode: the model was asked"
        case "serve":
            return "it might be reused, and could not be had any more: the model was asked"


def _shown(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEXT_SHOWN else f"{flat[: _TEXT_SHOWN - 1]}…"
