"""What a dialect must know: how a question is written, and how answers and refusals are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from headchef_contracts.events.common import Usage

from headchef.executor.provider import Call, Left, Question

Withheld = Literal["length", "refusal"]
"""Why there is no whole answer: cut off by the output limit, or kept back by the model or a filter."""

Kind = Literal["credentials", "billing", "too_large", "unknown_model", "filtered"]
"""What only a provider's words tell."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the body of a successful response says.

    Attributes:
        text: as the model wrote it; empty if it wrote none.
        finish_reason: as the provider named it; `unknown` if it did not.
        withheld: why the answer is not whole; None if it is.
        lacks: what an answer has and this body has not, as a path; None if it is one.
        provider_model: as the provider reported it.
        response_id: the body's own, for where no header names the request.
        usage: None where the provider reported none.
    """

    text: str = ""
    finish_reason: str = "unknown"
    withheld: Withheld | None = None
    lacks: str | None = None
    provider_model: str | None = None
    response_id: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What the body of an error says.

    Attributes:
        said: in the provider's words; may be empty.
        kind: where the words tell more than the status.
        wait_s: seconds that the body asks to wait; headers are read elsewhere.
        request_id: the body's own.
    """

    said: str = ""
    kind: Kind | None = None
    wait_s: float | None = None
    request_id: str | None = None


class Dialect(Protocol):
    """One way in which providers are spoken to. Pure: it writes requests and reads bodies, and calls nobody."""

    @property
    def request_ids(self) -> tuple[str, ...]:
        """Give the names of response headers that may name a request, in lower case, the best first."""
        ...

    def headers(self, secret: str | None) -> Mapping[str, str]:
        """Give the request headers that are the dialect's own, the credential among them."""
        ...

    def left(self, headers: Mapping[str, str], now: datetime) -> tuple[Left, ...]:
        """Read the response headers that tell what is left of the account's quota, good or bad."""
        ...

    def write(self, question: Question) -> Call:
        """Write a question down, once for all tries."""
        ...

    def answer(self, data: dict[str, Any]) -> Said:
        """Read the JSON of a successful response, whatever is in it."""
        ...

    def refusal(self, data: object) -> Refused:
        """Read the JSON of an error, or what stands in its place: None where the body is no JSON."""
        ...
