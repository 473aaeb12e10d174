"""How answers are reused for questions that mean the same: what a job says of it, and what is known of a question."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from headchef_contracts.events.common import MAX_REVISION, MAX_RUN, CheckName, Name, Part, PublicPart, Sha256

MAX_WRONG = 0.2
"""The largest share of wrong answers that may be allowed: who can take more needs no bound."""

Purpose = Literal["answer", "classification", "description", "summary", "ideas"]
"""What a question is for, where the same answer may do for two wordings of it."""

_NEVER = ("translation", "extraction", "audit", "geo")

FieldPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+){0,9}$")]
"""A field of the input, by its path, such as `question` or `customer.words`."""


class Comparison(PublicPart):
    """Who says whether two answers are the same."""

    judge: CheckName = Field(
        default="auto", description="a judge of equality, such as fields or text; auto: fields of JSON, else the text"
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="of the judge, such as tolerances of fields")


class SemanticUse(PublicPart):
    """When an answer to one wording of a question may serve another."""

    free_text: tuple[FieldPath, ...] = Field(
        min_length=1,
        max_length=20,
        description="fields of the input, or in a workflow values of `with`, whose wording may differ; all else must be"
        " equal",
    )
    identity: tuple[FieldPath, ...] = Field(
        default=(),
        max_length=20,
        description="fields of the input that must be equal also where no template writes them, such as sku",
    )
    purpose: Purpose = Field(
        description="what the question is for: answer, classification, description, summary, ideas"
    )
    max_wrong: float = Field(
        ge=0, le=MAX_WRONG, description="the largest share of reused answers that may be wrong, such as 0.02"
    )
    mode: Literal["shadow", "serve"] = Field(
        default="shadow",
        description="shadow: every question goes to its model, and what would have been reused is told",
    )
    explore: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="the share of questions that could be served which go to their model all the same, to learn",
    )
    compare: Comparison = Field(
        default_factory=Comparison, description="who says whether two answers are the same; fields of JSON, or the text"
    )
    pool: Name | None = Field(
        default=None, description="questions that share what is learnt; by default those of the same templates"
    )

    @field_validator("purpose", mode="before")
    @classmethod
    def _may_be_reused(cls, value: object) -> object:
        if value in _NEVER:
            raise ValueError(
                f"an answer for the purpose {value} is never reused for another text: leave `semantic` out, and equal"
                " questions are still answered once"
            )
        return value


class SemanticQuestion(Part):
    """A question as the cache sees it whose free texts may be worded in another way."""

    scope: Sha256 = Field(description="of all in it that must be equal: everything but its free texts")
    text: str = Field(description="its free texts, which are compared by what they mean")
    pool: str = Field(description="of the questions of the tenant that share what is learnt")
    max_wrong: float = Field(ge=0, le=MAX_WRONG)
    mode: Literal["shadow", "serve"]
    explore: float = Field(gt=0, le=1)
    compare: Comparison = Field(default_factory=Comparison)
    frame_sha256: Sha256 | None = Field(
        default=None,
        description="of all that stands around the free texts, without model and parameters, for whom to ask instead;"
        " null where that is not known",
    )


class Nearest(Part):
    """The earlier question that is nearest to one, and what was thought of its answer before anybody was asked."""

    fingerprint: Sha256
    source_job_id: str
    score: float = Field(description="cosine of the angle between the two, at most 1")
    features: tuple[float, ...] = Field(max_length=32, description="what the guess is made from")
    wrong: float = Field(ge=0, le=1, description="how probable it is that its answer would be wrong here")
    bound: int = Field(ge=0, description="the number of the pool's bound that was in force; 0 before the first")
    choice: Literal["serve", "explore", "ask"] = Field(
        description="serve: it may be reused; explore: it might, but the model is asked to learn; ask: it may not"
    )
    embedder: str = Field(description="whose vectors were compared")
    pool: str | None = Field(default=None, description="whose bound it was; null where that is not known")


class Asker(Part):
    """Which question it is: one plan of a step of a job, or of an item of it."""

    job_id: Name
    run: int = Field(default=0, ge=0, le=MAX_RUN)
    revision: int = Field(default=0, ge=0, le=MAX_REVISION)
    step_id: str = "main"
    item: str | None = None
    plan: int = Field(default=0, ge=0)

    @property
    def name(self) -> str:
        """Names it, as no other question is named."""
        parts = (self.job_id, self.run, self.revision, self.step_id, self.item or "", self.plan)
        return "\0".join(map(str, parts))


MAX_MARKED_SOURCES = 50
"""Of one question: more would make its events larger than what is asked."""


class Marks(Part):
    """By what an answer can be found again, to be invalidated."""

    tags: tuple[Name, ...] = Field(default=(), max_length=20, description="as the job says")
    template: Sha256 | None = Field(
        default=None,
        description="of the texts that were filled in, or of `name@version/step` for a workflow; null for literal ones",
    )
    sources: tuple[Sha256, ...] = Field(
        default=(), max_length=200, description="of documents, texts and images that the question was made from"
    )
    more_sources: bool = Field(
        default=False, description="there are more, so that whatever source is invalidated may be one of them"
    )
