"""The simulated model behind the HTTP server: draws a call's fate, writes its answer, counts its tokens."""

from dataclasses import dataclass
from hashlib import blake2b
from math import cos, log, pi, sqrt

from headchef.simulator.answer import write_answer
from headchef.simulator.bill import Tokens
from headchef.simulator.dialects import Answer, Asked, Refused
from headchef.simulator.dialects.reading import BYTES_PER_TOKEN
from headchef.simulator.policy import Fate, decide
from headchef.simulator.prompt_cache import Found
from headchef.simulator.prose import MARK
from headchef.simulator.settings import Settings

_TOO_LONG = (
    "prompt is too long: {given} tokens > {most} maximum. This model's maximum context length is {most} tokens: the"
    " input token count ({given}) exceeds the maximum number of tokens allowed ({most})."
)
"""In the words of all providers at once, by which their clients know it."""


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

    def answer(self, asked: Asked, input_tokens: int, draw: Draw, found: Found) -> tuple[Answer, str]:
        """Write the answer.

        Args:
            asked: the request.
            input_tokens: that it is billed for.
            draw: chance.
            found: what the cache did for it.

        Returns:
            The answer, and its outcome as the bill names it.

        Raises:
            Refused: the request is not one that would be answered.
        """
        settings = self._settings
        if asked.model not in settings.models:
            raise Refused("unknown_model", f"The model `{asked.model}` does not exist.", param="model")
        if asked.images and asked.model in settings.blind_models:
            raise Refused("bad_request", f"The model `{asked.model}` does not take images.", param="messages")
        if input_tokens > settings.context_tokens:
            message = _TOO_LONG.format(given=input_tokens, most=settings.context_tokens)
            raise Refused("too_long", message, param="messages")
        fault = draw.fate.model
        content = None if fault == "refusal" else write_answer(asked, draw.seed, fault)
        outcome = fault or "answered"
        if content is not None:
            short = _shortened(content, asked.limit, cut=fault == "length")
            outcome = "length" if short != content else outcome
            content = short
        output = 1 + len((content or "").encode()) // BYTES_PER_TOKEN + settings.reasoning_tokens
        tokens = Tokens(input_tokens, output, found.read_tokens, settings.reasoning_tokens, found.written_tokens)
        refusal = f"{MARK} I cannot help with that."
        return Answer(draw.request_id, asked.model, content, refusal, outcome == "length", tokens), outcome


def tokens_of(raw: bytes, asked: Asked) -> int:
    """Count the tokens of a request: those of its images, and the rest by the bytes of its body."""
    written_bytes = len(raw) - sum(image.written_bytes for image in asked.images)
    return 1 + written_bytes // BYTES_PER_TOKEN + sum(image.tokens for image in asked.images)


def _uniform(digest: bytes) -> float:
    return (int.from_bytes(digest, "little") >> 11) * 2.0**-53


def _normal(first: float, second: float) -> float:
    """Make a standard normal number of two uniform ones, after Box and Muller."""
    return sqrt(-2 * log(1 - first)) * cos(2 * pi * second)


def _shortened(content: str, limit: int | None, *, cut: bool) -> str:
    if cut:
        content = content[: len(content) // 2]
    return content if limit is None else content[: limit * BYTES_PER_TOKEN]
