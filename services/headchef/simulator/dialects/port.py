"""What a dialect must do for the simulator: read requests, and write answers and refusals as its provider does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

import orjson

from headchef.simulator.bill import Tokens
from headchef.simulator.dialects.images import Picture
from headchef.simulator.dialects.reading import Reading

Refusal = Literal[
    "unauthorised", "bad_request", "unknown_model", "too_long", "rate_limited", "server_error", "unavailable", "billing"
]
Resource = Literal["requests", "tokens", "input_tokens", "output_tokens"]
"""What a quota counts; tokens are those of input and output together."""


class Refused(Exception):
    """A call that is refused.

    Args:
        kind: for what.
        message: in the provider's words.
        param: the field at fault, or None.
        resource: whose limit was reached, or None.
        wait_s: seconds that a rate limit asks to wait; 0 for not saying.
    """

    def __init__(
        self,
        kind: Refusal,
        message: str,
        *,
        param: str | None = None,
        resource: Resource | None = None,
        wait_s: float = 0,
    ) -> None:
        super().__init__(message)
        self.resource = resource
        self.kind: Refusal = kind
        self.message = message
        self.param = param
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of one resource.

    Attributes:
        resource: which.
        limit: of a minute.
        left: now, at least 0.
        full_in_s: seconds until all of it is there again.
    """

    resource: Resource
    limit: int
    left: int
    full_in_s: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, in words that all dialects share.

    Attributes:
        model: by name.
        prompt: what the user says, or everybody where the user says nothing; it tells of the images too.
        json: whether an object is asked for, whatever is in it.
        schema: of the answer; None where there is none.
        limit: of the output, in tokens; None for none.
        reading: all that the model reads, for the cache of prompts; empty where the dialect has none.
        images: that the user shows, in order.
    """

    model: str
    prompt: str
    json: bool = False
    schema: dict[str, Any] | None = None
    limit: int | None = None
    reading: Reading = field(default_factory=Reading)
    images: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says.

    Attributes:
        request_id: of the call.
        model: by name.
        content: None where it refuses.
        refusal: its words then.
        is_cut: whether it ran into a limit.
        tokens: what it is billed for.
    """

    request_id: str
    model: str
    content: str | None
    refusal: str
    is_cut: bool
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Sent:
    """An HTTP response.

    Attributes:
        status: of HTTP.
        body: JSON.
        headers: beside those that every response has.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """One provider's API."""

    @property
    def path(self) -> str:
        """Give the path of the server that takes calls, as aiohttp writes it; `{model}` stands for a model in it."""
        ...

    def key(self, headers: Mapping[str, str]) -> str:
        """Give the credential of a request; empty if it has none."""
        ...

    def read(self, raw: bytes, model: str | None) -> Asked:
        """Read a request.

        Args:
            raw: its body.
            model: as the path names it.

        Raises:
            Refused: it is not what the provider would take.
        """
        ...

    def answer(self, answer: Answer) -> Sent:
        """Write an answer. It carries no time, so that equal requests have equal answers."""
        ...

    def refuse(self, refused: Refused, request_id: str) -> Sent:
        """Write a refusal as the provider does."""
        ...

    def quota(self, standings: Sequence[Standing], now: datetime) -> Mapping[str, str]:
        """Write the headers that tell what is left of the quota."""
        ...


def read_object(raw: bytes, message: str) -> dict[str, Any]:
    """Parse a body.

    Raises:
        Refused: it is not a JSON object; the message says so.
    """
    try:
        request = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused("bad_request", message) from error
    if not isinstance(request, dict):
        raise Refused("bad_request", message)
    return request


def whole(number: object) -> int | None:
    """Give a whole number, or None."""
    return number if isinstance(number, int) and not isinstance(number, bool) else None
