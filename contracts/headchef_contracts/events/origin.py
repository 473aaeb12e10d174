"""Where the output of a workflow comes from: its steps, the documents that they have read, what people have decided."""

from pydantic import AwareDatetime, Field

from headchef_contracts.events.common import Money, Name, Part, Sha256, Usage
from headchef_contracts.events.reviews import ReviewOutcome


class StepAccount(Part):
    """What a step of a workflow came to, all its items together."""

    step_id: str
    ended: int = Field(ge=1, description="so many times it was run to an end: once, or once for each item")
    lost: int = Field(default=0, ge=0, description="so many of these came to nothing")
    reused: int = Field(default=0, ge=0, description="so many were answered by an earlier answer")
    repaired: int = Field(default=0, ge=0, description="so many answers were rejected and asked for again")
    taken_over: int = Field(
        default=0, ge=0, description="so many were taken over from earlier runs of the job, and cost nothing now"
    )
    taken_from: tuple[int, ...] = Field(default=(), description="the runs that have done these")
    models: tuple[str, ...] = Field(default=(), description="that were asked, as the catalogue names them")
    usage: Usage = Field(default_factory=Usage)
    cost_usd: Money | None = Field(description="of all attempts; null where a price is not known")
    attempts: int = Field(ge=0)
    provider_s: float = Field(ge=0, description="seconds spent inside calls")


MAX_SOURCES = 200


class SourceUsed(Part):
    """A document that a step of a workflow has read."""

    step_id: str
    item: str | None = None
    address: str = Field(description="after all redirects, without its query")
    sha256: Sha256 = Field(description="of the document's bytes")
    size_bytes: int = Field(ge=0)


MAX_REVIEWS = 200


class Reviewed(Part):
    """What became of a review that a step of a workflow has asked for."""

    step_id: str
    item: str | None = None
    outcome: ReviewOutcome = Field(
        description="undecided: nobody has decided in time, and somebody should; called_off: the job had ended before"
    )
    by: str | None = Field(default=None, description="who has decided; null where nobody has")
    because: str | None = Field(default=None, description="why, in words")
    at: AwareDatetime


MAX_TEXTS = 200


class TextUsed(Part):
    """A text of a collection that a step of a workflow was given."""

    step_id: str
    item: str | None = None
    collection: Name
    id: str = Field(description="as it was loaded")
    sha256: Sha256 = Field(description="of the text in UTF-8")
