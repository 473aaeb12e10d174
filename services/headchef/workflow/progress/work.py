"""What is to be done next for a job, filled in: whoever does it needs neither the workflow nor the job's input."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headchef_contracts.events.reviews import Otherwise

from headchef.sources.wanted import Wanted
from headchef.workflow.form import LlmEntry, RetryEntry
from headchef.workflow.progress.unit import Came, Lost, Outcome, Unit
from headchef.workflow.progress.wording import Worded


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to a model; its answer is held against the schema and the checks by whoever asks.

    Attributes:
        unit: what it is for.
        system: the system prompt, if there is one.
        prompt: the prompt.
        asked: names the model or tier, and the parameters.
        schema: JSON Schema of the answer; None for free text.
        checks: each with its name, path and arguments.
        retry: how often what is tried again.
        reuse: whether an earlier answer serves.
        worded: the same in pieces, where one to another wording may serve; None where it may not.
    """

    unit: Unit
    system: str | None
    prompt: str
    asked: LlmEntry
    schema: Mapping[str, Any] | None
    checks: Sequence[Mapping[str, Any]]
    retry: RetryEntry
    reuse: bool
    worded: Worded | None = None

    def fields(self, *, reuse: bool = True) -> dict[str, Any]:
        """Give the fields of a job that asks this and nothing else.

        Args:
            reuse: whether an earlier answer may serve, as far as that is not for the step to say.
        """
        reuse = reuse and self.reuse
        output: dict[str, Any] = {"repairs": self.retry.validation, "truncations": self.retry.truncation}
        if self.schema is not None:
            output["schema"] = self.schema
        if self.checks:
            output["checks"] = self.checks
        return {
            "prompt": self.prompt,
            "output": output,
            "parameters": self.asked.parameters.model_dump(exclude_none=True),
            "cache": "exact" if reuse else "bypass",
            **({} if self.system is None else {"system": self.system}),
            **(self.worded.fields() if reuse and self.worded is not None else {}),
            **self.asked.model_dump(include={"model", "tier"}, exclude_none=True),
        }


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of the user's.

    Attributes:
        unit: what it is for.
        function: its name.
        arguments: JSON values by name.
        timeout_s: seconds that it may take.
        checks: what its output must pass, beside its schema.
    """

    unit: Unit
    function: str
    arguments: Mapping[str, Any]
    timeout_s: float
    checks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Audit:
    """Rules held against a document.

    Attributes:
        unit: what it is for.
        target: the document.
        facts: what rules are held against that do not say it themselves; None where nothing is given.
        rules: checks, each with its name, path and arguments.
        checks: what the audit's own output must pass.
    """

    unit: Unit
    target: Any
    facts: Any
    rules: Sequence[Mapping[str, Any]]
    checks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Fetch:
    """A document of a source.

    Attributes:
        unit: what it is for.
        wanted: which document, how it is read, and within which limits.
        checks: what its output must pass, beside its schema.
    """

    unit: Unit
    wanted: Wanted
    checks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Reserve:
    """A value that no other job of the tenant may have on a site.

    Attributes:
        unit: what it is for.
        site: where it must be the only one.
        name: what kind of value it is.
        value: as it is written.
        checks: what it must pass.
    """

    unit: Unit
    site: str
    name: str
    value: str
    checks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Review:
    """A person's decision about a document.

    Attributes:
        unit: what it is for.
        document: what is to be looked at.
        within_s: seconds that the decision may take.
        otherwise: what holds if nobody decides in that time.
        schema: JSON Schema that the document must obey, as it is or edited; None for anything.
        checks: what it must pass besides.
    """

    unit: Unit
    document: Any
    within_s: float
    otherwise: Otherwise
    schema: Mapping[str, Any] | None
    checks: Sequence[Mapping[str, Any]]

    @property
    def in_silence(self) -> Outcome:
        """What holds if nobody decides in time."""
        if self.otherwise == "reject":
            return Lost("review_rejected", f"nobody decided within {self.within_s:g} s, which rejects it")
        return Came(self.document, undecided=True)


@dataclass(frozen=True, slots=True)
class Retrieve:
    """Texts of a collection that are near to a query.

    Attributes:
        unit: what it is for.
        collection: in which.
        query: what the texts shall be near to.
        equal: fields with what they must be: a text, a whole number, true or false.
        top_k: how many texts at most.
        retries: more tries after one that may fare better later.
        checks: what its output must pass, beside its schema.
    """

    unit: Unit
    collection: str
    query: str
    equal: Mapping[str, str | int | bool]
    top_k: int
    retries: int
    checks: Sequence[Mapping[str, Any]]


Work = Ask | Call | Audit | Fetch | Reserve | Retrieve | Review
