"""The form of a file of cases, as Pydantic checks it. The descriptions are part of messages and of the reference."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from headchef.workflow.entry import Entry, Identifier
from headchef.workflow.form import CheckEntry, Usd

CaseName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Lower case letters, digits and -, up to 63 characters: a file is called so."""

EVERY_OTHER = "*"
"""Stands for the items that are not named."""


class FindingEntry(Entry):
    """A finding of the result; what is not said may be anything."""

    check: str | None = Field(default=None, description="the check that found it, or why a step was lost: timeout")
    path: str | None = Field(default=None, description="where it was found, such as /title or /steps/sections/2")
    message: str | None = Field(default=None, description="a part of its words")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("says nothing of the finding: give at least one of check, path and message")
        return self


class MostEntry(Entry):
    """How much a case may use up."""

    usd: Usd | None = Field(default=None, description="US dollars that its questions cost, such as 0.02")
    tokens: int | None = Field(default=None, ge=1, description="tokens in and out together, such as 4000")
    questions: int | None = Field(
        default=None, ge=0, description="questions to models, also those that are answered by the case, such as 4"
    )


class ExpectEntry(Entry):
    """What must come of a case."""

    status: Literal["ok", "needs_review", "rejected", "failed"] = Field(
        default="ok",
        description="ok; needs_review: likewise, and nobody has decided in time; rejected: the output breaks the schema"
        " of the result; failed: there is none",
    )
    step: Identifier | None = Field(default=None, description="with failed: the step that the job failed at")
    reason: Identifier | None = Field(default=None, description="with failed: why, in a word, such as timeout")
    checks: tuple[CheckEntry, ...] = Field(
        default=(), max_length=100, description="checks of the output, such as [{check: chars, path: title, max: 60}]"
    )
    equals: dict[str, Any] = Field(
        default_factory=dict, description="what stands in the output, by path, such as {'sections[0].title': Canals}"
    )
    findings: tuple[FindingEntry, ...] | None = Field(
        default=None, description="the findings of the result, all of them, such as [{path: /steps/sections/2}]"
    )
    most: MostEntry = Field(default_factory=MostEntry, description="how much may be used up")
    golden: bool = Field(
        default=False, description="true: all is as it was when `--update` was given last, also what models are asked"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"says nothing: give at least one of {', '.join(ExpectEntry.model_fields)}")
        if self.status != "failed" and (self.step or self.reason):
            raise ValueError("`step` and `reason` go with `status: failed`")
        if self.status == "failed" and (self.checks or self.equals):
            raise ValueError("a failed job has no output: leave `checks` and `equals` out")
        return self


class CaseEntry(Entry):
    """One job, what stands in for its steps, and what must come of it."""

    name: CaseName = Field(description="tells it from the others, such as a-city-without-facts")
    input: Any = Field(default_factory=dict, description="the job's input, such as {city: Ghent}")
    given: dict[Identifier, Any] = Field(
        default_factory=dict, description="outputs of steps that are not run, by step; of all items in a list"
    )
    answers: dict[Identifier, Any] = Field(
        default_factory=dict,
        description="what a model, a source, a function or a person says in this case, by step; by item below, where"
        " the step has for_each, such as {sections: {0: About canals, '*': About all others}}",
    )
    fails: dict[Identifier, Any] = Field(
        default_factory=dict, description="steps, or items of them, that come to nothing, and why: {facts: timeout}"
    )
    expect: ExpectEntry = Field(description="what must come of it")


class CasesFile(Entry):
    """A whole file of cases."""

    cases: tuple[CaseEntry, ...] = Field(max_length=1_000, description="the cases")
