"""Events about answers that were accepted and wrong: a person says so, and every cache is told."""

from hashlib import sha256
from typing import ClassVar, Self

from pydantic import AwareDatetime, Field, model_validator

from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Body, Decided, Event, Inline, Name, Sha256
from headchef_contracts.events.semantic import Asker, SemanticQuestion
from headchef_contracts.events.steps import Answer

MAX_BECAUSE = 500
"""Characters of why a person says so."""

MOST_TEXTS = 50
"""Wrong answers to one question that are known each by itself."""

MAX_RIGHT_BYTES = 500_000
"""Of the answer that would have been right, as JSON: with all else the event must fit into the 1 MiB of its topic."""


class AnswerCorrected(Event):
    """An answer was wrong: it is reused no more, and counts as an error where it was."""

    event_type: ClassVar[str] = "headchef.answer.corrected"
    version: ClassVar[int] = 1

    fingerprint: Sha256 = Field(
        description="under which the answer lies: of the question itself, or of the one in other words whose answer was"
        " reused; the record's key"
    )
    tenant: Name
    source_job_id: Name = Field(description="the job for which a model gave the answer")
    output_sha256: Sha256 | None = Field(
        default=None, description="of the answer, the text as the model wrote it; null where not known any more"
    )
    asker: Asker = Field(description="the question whose answer was found wrong")
    cache: CacheUse = Field(description="how that question came by the answer")
    semantic: SemanticQuestion | None = Field(
        default=None, description="that question as it may be compared with others by its meaning; null: it may not"
    )
    right: Body | None = Field(default=None, description="what would have been right, where the person says so")
    because: str | None = Field(default=None, max_length=MAX_BECAUSE, description="why, in words")
    by: Name = Field(description="who says so: a person or program, and the machine")
    at: AwareDatetime = Field(description="when it was said, by the clock of that machine")

    @model_validator(mode="after")
    def _names_its_answer(self) -> Self:
        if self.cache.kind == "semantic":
            if self.cache.nearest is None:
                raise ValueError("an answer to other words needs `cache.nearest`, which says whose it was")
            if self.fingerprint != self.cache.nearest.fingerprint:
                raise ValueError("`fingerprint` must be that of `cache.nearest`, where the answer lies")
        return self


class AnswerWithdrawn(Event):
    """Which answers to a question are wrong, all that are known until now: none of them is served or kept again."""

    event_type: ClassVar[str] = "headchef.answer.withdrawn"
    version: ClassVar[int] = 1

    fingerprint: Sha256 = Field(description="of the question; the newest event of each counts")
    tenant: Name
    texts: tuple[Sha256, ...] = Field(
        default=(), max_length=MOST_TEXTS, description="of wrong answers, as `output_sha256` of their corrections"
    )
    until: AwareDatetime | None = Field(
        default=None, description="what was accepted up to then is wrong, whatever it says; null for nothing"
    )
    because: str | None = Field(default=None, max_length=MAX_BECAUSE, description="why, in the words of the last")
    by: Name = Field(description="who has said so last")
    decided: Decided


def sha256_of(answer: Answer) -> str | None:
    """Give what tells an answer's text from others', for `output_sha256`; None where the text does not lie in it.

    Args:
        answer: of a model.
    """
    if not isinstance(answer.output, Inline) or not isinstance(answer.output.inline, str):
        return None
    return sha256(answer.output.inline.encode("utf-8", "surrogatepass")).hexdigest()
