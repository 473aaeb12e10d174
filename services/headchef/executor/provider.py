"""The port to a model provider, with types of our own: a question is asked, and answered or faulted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from headchef_contracts.events.common import Parameters, Usage
from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import FailureReason
from headchef_contracts.events.steps import AttemptOutcome

from headchef.catalogue import Model
from headchef.catalogue.form import Resource

Halt = Literal["credentials", "billing", "unknown_model"]
"""Why a provider refuses calls whatever they ask: until somebody mends it, no other call fares better."""

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Left:
    """What a provider says is left of an account's quota.

    Attributes:
        resource: of which.
        amount: at least 0.
        full_in_s: seconds until all of it is there again; None where that is not said.
    """

    resource: Resource
    amount: float
    full_in_s: float | None = None


class Turn(NamedTuple):
    """What somebody says, and shows before it.

    Attributes:
        role: who.
        text: what.
        images: in order; a user alone shows any.
        static_characters: how many of the text's first characters all jobs of a template share.
    """

    role: Role
    text: str
    images: tuple[Image, ...] = ()
    static_characters: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked.

    Attributes:
        model: which, and how it takes schemas and limits.
        turns: of the conversation, in order.
        parameters: of sampling; what is None is left to the provider.
        output_schema: JSON Schema of the answer, or None for free text.
    """

    model: Model
    turns: Sequence[Turn]
    parameters: Parameters
    output_schema: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Cacheable:
    """A call with a mark at the end of its static part, up to which the provider is to cache it.

    Attributes:
        key: equal for calls that are alike up to there.
        body: JSON.
        lifetime_s: seconds for which the provider keeps what nobody uses.
    """

    key: bytes
    body: bytes
    lifetime_s: float


@dataclass(frozen=True, slots=True)
class Call:
    """A question as it goes to the provider, written down once for all tries.

    Attributes:
        path: below the account's address, such as `/chat/completions`.
        body: JSON.
        cacheable: the same with a mark; None where there is nothing to be marked.
    """

    path: str
    body: bytes
    cacheable: Cacheable | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The model answered in full.

    Attributes:
        text: as the model wrote it.
        finish_reason: as the provider named it.
        provider_model: as the provider reported it.
        usage: None where the provider reported none.
        request_id: the provider's own.
        status_code: of HTTP.
        left: of the account's quota, as far as the provider says so.
    """

    text: str
    finish_reason: str
    provider_model: str | None
    usage: Usage | None
    request_id: str | None
    status_code: int | None
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Faulted:
    """No answer that could be used.

    Attributes:
        outcome: what happened, as attempts record it; never `answered`.
        message: in words, without prompt, output or credential.
        final: set where the same call would fail again; then the step's failure.
        status_code: of HTTP; None where no answer came.
        retry_after_s: seconds that the provider asked to wait.
        request_id: the provider's own.
        usage: set where the call was paid for, as far as the provider said so.
        left: of the account's quota, likewise.
        halts: set where it is not this call that is refused, but every one of the account or of its model.
    """

    outcome: AttemptOutcome
    message: str
    final: FailureReason | None = None
    status_code: int | None = None
    retry_after_s: float | None = None
    request_id: str | None = None
    usage: Usage | None = None
    left: tuple[Left, ...] = ()
    halts: Halt | None = None


Reply = Answered | Faulted


class Provider(Protocol):
    """One account at a provider."""

    def prepare(self, question: Question) -> Call:
        """Write a question down, once for all tries."""
        ...

    async def ask(self, call: Call) -> Reply:
        """Make one call. Raises nothing but cancellation: whatever a provider does is a reply."""
        ...
