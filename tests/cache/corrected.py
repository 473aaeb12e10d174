"""Makes events by which people say that answers were wrong."""

from datetime import datetime
from typing import Any

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.corrections import AnswerCorrected, sha256_of
from headchef_contracts.events.semantic import Asker, Nearest, SemanticQuestion
from headchef_contracts.events.steps import Answer

from tests.cache.builders import make_answer, make_fingerprint
from tests.support.manual_clock import START

QUESTION = SemanticQuestion(scope="a" * 64, text="which car?", pool="cars", max_wrong=0.02, mode="serve", explore=0.1)


def make_nearest(prompt: str = "Describe the car.") -> Nearest:
    return Nearest(
        fingerprint=make_fingerprint(prompt),
        source_job_id="job-1",
        score=0.9,
        features=(1.0, 0.1),
        wrong=0.01,
        bound=3,
        choice="serve",
        embedder="hashed-1/512",
    )


def make_corrected(
    prompt: str = "Describe the car.",
    *,
    answer: Answer | None = make_answer(),  # noqa: B008 - it is frozen
    job_id: str = "job-1",
    cache: CacheUse | None = None,
    at: datetime = START,
    **more: Any,
) -> AnswerCorrected:
    """Say that an answer was wrong; without one, that the one which the job had was."""
    known: dict[str, Any] = {} if answer is None else {"output_sha256": sha256_of(answer)}
    use = cache or CacheUse(kind="miss")
    return AnswerCorrected(
        fingerprint=make_fingerprint(prompt),
        tenant="default",
        source_job_id=use.source_job_id or job_id,
        asker=Asker(job_id=job_id),
        cache=use,
        by="ana@desk",
        at=at,
        **known,
        **more,
    )
