"""The simulated model behind the HTTP server: draws a call's fate, writes its answer, counts its tokens."""

from dataclasses import dataclass
from hashlib import blake2b
from math import cos, log, pi, sqrt

from headchef.simulator.answer import write_answer
from headchef.simulator.bill import Tokens
from headchef.simulator.dialect import BadRequest, completion_body, limit_of, read_request
from headchef.simulator.policy import Fate, TransportFault, decide
from headchef.simulator.prose import MARK
from headchef.simulator.settings import Settings

_BYTES_PER_TOKEN = 4
"""Near enough for a bill that only has to agree with itself."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Chance for one call.

    Attributes:
        request_id: unique to the call; the same call of another run with the same seed has the same one.
        seed: of what is asked, without the number of the try.
        fate: what befalls the call.
    """

    request_id: str
    seed: int
    fate: Fate


@dataclass(frozen=True, slots=True)
class Completion:
    """A written answer.

    Attributes:
        body: of the HTTP response.
        tokens: what it is billed for.
        outcome: as the bill names it.
    """

    body: bytes
    tokens: Tokens
    outcome: str


class Model:
    """Answers by seed and request alone, whatever the order in which calls arrive.

    Args:
        settings: seed, rates, models and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = settings.seed.to_bytes(16, "little", signed=True)
        self._seen: dict[bytes, int] = {}

    def draw(self, raw: bytes) -> Draw:
        """Draw what befalls a call. The try's number counts equal requests, so that a retry meets a new fate."""
        digest = blake2b(raw, digest_size=8, key=self._key).digest()
        number = self._seen.pop(digest, 0) + 1
        self._seen[digest] = number
        if len(self._seen) > self._settings.max_known_requests:
            del self._seen[next(iter(self._seen))]
        asked = blake2b(digest, digest_size=8).digest()
        tried = blake2b(digest + number.to_bytes(8, "little"), digest_size=24).digest()
        fate = decide(
            self._settings,
            transport_draw=_uniform(tried[:8]),
            model_draw=_uniform(asked),
            latency_normal=_normal(_uniform(tried[8:16]), _uniform(tried[16:])),
        )
        return Draw(f"sim-{digest.hex()}-{number}", int.from_bytes(digest, "little"), fate)

    def complete(self, raw: bytes, draw: Draw) -> Completion:
        """Write the answer.

        Raises:
            BadRequest: the request is not one that would be answered.
        """
        request = read_request(raw)
        model, settings = request["model"], self._settings
        if model not in settings.models:
            raise BadRequest(404, f"The model `{model}` does not exist.", "model_not_found", "model")
        input_tokens = 1 + len(raw) // _BYTES_PER_TOKEN
        if input_tokens > settings.context_tokens:
            message = f"This model's maximum context length is {settings.context_tokens} tokens."
            raise BadRequest(400, message, "context_length_exceeded", "messages")
        fault = draw.fate.model
        content = None if fault == "refusal" else write_answer(request, draw.seed, fault)
        outcome = fault or "answered"
        if content is not None:
            short = _shortened(content, limit_of(request), cut=fault == "length")
            outcome = "length" if short != content else outcome
            content = short
        output = 1 + len((content or "").encode()) // _BYTES_PER_TOKEN + settings.reasoning_tokens
        cached = int(input_tokens * settings.cached_input_share)
        tokens = Tokens(input_tokens, output, cached, settings.reasoning_tokens)
        body = completion_body(
            request_id=draw.request_id,
            model=model,
            content=content,
            refusal=f"{MARK} I cannot help with that." if content is None else None,
            finish_reason="length" if outcome == "length" else "stop",
            tokens=tokens,
        )
        return Completion(body, tokens, outcome)


def billed(fault: TransportFault | None) -> bool:
    """Say whether a call is paid for: a refused one is not, one whose answer got lost on the way is."""
    return fault in (None, "reset", "malformed")


def _uniform(digest: bytes) -> float:
    return (int.from_bytes(digest, "little") >> 11) * 2.0**-53


def _normal(first: float, second: float) -> float:
    """Make a standard normal number of two uniform ones, after Box and Muller."""
    return sqrt(-2 * log(1 - first)) * cos(2 * pi * second)


def _shortened(content: str, limit: int | None, *, cut: bool) -> str:
    if cut:
        content = content[: len(content) // 2]
    return content if limit is None else content[: limit * _BYTES_PER_TOKEN]
