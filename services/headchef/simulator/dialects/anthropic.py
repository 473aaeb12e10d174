"""Anthropic's messages, as the simulator answers them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import orjson

from headchef.simulator.dialects.images import BadBase64, Picture, at_address, in_base64, see, told
from headchef.simulator.dialects.port import Answer, Asked, Refusal, Refused, Sent, Standing, read_object, whole
from headchef.simulator.dialects.reading import reading_of, words

_STATUS: Mapping[Refusal, tuple[int, str]] = {
    "unauthorised": (401, "authentication_error"),
    "bad_request": (400, "invalid_request_error"),
    "unknown_model": (404, "not_found_error"),
    "too_long": (400, "invalid_request_error"),
    "rate_limited": (429, "rate_limit_error"),
    "server_error": (500, "api_error"),
    "unavailable": (529, "overloaded_error"),
    "billing": (400, "invalid_request_error"),
}
"""Status and type of each refusal."""

_NO_CREDIT = "Your credit balance is too low to access the Anthropic API. [simulated]"
_REFUSED_KEYWORDS = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"}
    | {"maxItems", "uniqueItems", "oneOf"}
)
"""Of those that the guide to structured outputs says are refused."""


_MAX_MARKS = 4
"""As the guide to prompt caching says."""

_IMAGE_TOKENS = 37 * 37
"""Of an image of 1,024 by 1,024 pixels, in patches of 28 (Anthropic's guide to vision, November 2026)."""

_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class Anthropic:
    """`POST /v1/messages`."""

    path = "/v1/messages"

    def key(self, headers: Mapping[str, str]) -> str:
        """Give the header's key."""
        return headers.get("x-api-key", "")

    def read(self, raw: bytes, model: str | None) -> Asked:
        """Read a message."""
        request = read_object(raw, "The request body is not valid JSON")
        named, limit, messages = request.get("model"), whole(request.get("max_tokens")), request.get("messages")
        if not isinstance(named, str):
            raise Refused("bad_request", "model: Field required")
        if limit is None:
            raise Refused("bad_request", "max_tokens: Field required")
        if not isinstance(messages, list) or not messages:
            raise Refused("bad_request", "messages: at least one message is required")
        if not all(isinstance(one, dict) and one.get("role") in ("user", "assistant") for one in messages):
            raise Refused("bad_request", "messages: Unexpected role. The only roles are user and assistant.")
        spoken = [message for message in messages if message["role"] == "user"] or messages
        prompt = "\n".join(words(message.get("content")) for message in spoken)
        schema = _schema(request.get("output_config"))
        if _shows_more_than_text(request.get("system")):
            raise Refused("bad_request", "system.0.type: Input should be 'text'")
        seen = [see(one.get("content"), _picture) for one in messages]
        images = tuple(image for _, shown in seen for image in shown)
        said = [("system", request.get("system"))]
        said += [(one["role"], content) for one, (content, _) in zip(messages, seen, strict=True)]
        reading = reading_of(schema, said, mark="cache_control", needs_marks=True)
        if len(reading.marks) > _MAX_MARKS:
            found = f"A maximum of {_MAX_MARKS} blocks with cache_control may be provided. Found {len(reading.marks)}."
            raise Refused("bad_request", found)
        if any(_has_a_blank_block(content) for _, content in said):
            raise Refused("bad_request", "text content blocks must contain non-whitespace text")
        return Asked(named, told(images, prompt), schema=schema, limit=limit, reading=reading, images=images)

    def answer(self, answer: Answer) -> Sent:
        """Write a message. Cached input is counted apart from the rest."""
        tokens = answer.tokens
        reason = "refusal" if answer.content is None else "max_tokens" if answer.is_cut else "end_turn"
        body = {
            "id": f"msg_{answer.request_id}",
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": [] if answer.content is None else [{"type": "text", "text": answer.content}],
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": {
                "input_tokens": tokens.input - tokens.cached_input - tokens.cache_write,
                "cache_creation_input_tokens": tokens.cache_write,
                "cache_read_input_tokens": tokens.cached_input,
                "output_tokens": tokens.output,
                "output_tokens_details": {"thinking_tokens": tokens.reasoning},
            },
        }
        return Sent(200, orjson.dumps(body), _id(answer.request_id))

    def refuse(self, refused: Refused, request_id: str) -> Sent:
        """Write an error; a rate limit says how long to wait in the header, in whole seconds."""
        status, kind = _STATUS[refused.kind]
        headers = _id(request_id)
        if refused.wait_s:
            headers["retry-after"] = str(ceil(refused.wait_s))
        message = _NO_CREDIT if refused.kind == "billing" else refused.message
        error = {"type": kind, "message": message}
        return Sent(status, orjson.dumps({"type": "error", "error": error, "request_id": request_id}), headers)

    def quota(self, standings: Sequence[Standing], now: datetime) -> Mapping[str, str]:
        """Write three headers for each resource; a reset is a time."""
        headers = {}
        for standing in standings:
            name = f"anthropic-ratelimit-{standing.resource.replace('_', '-')}"
            full_at = now + timedelta(seconds=standing.full_in_s)
            headers[f"{name}-limit"] = str(standing.limit)
            headers[f"{name}-remaining"] = str(standing.left)
            headers[f"{name}-reset"] = full_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return headers


def _id(request_id: str) -> dict[str, str]:
    return {"request-id": request_id}


def _shows_more_than_text(content: object) -> bool:
    blocks = content if isinstance(content, list) else []
    return any(not isinstance(block, dict) or block.get("type") != "text" for block in blocks)


def _picture(block: Mapping[str, Any]) -> Picture | None:
    if block.get("type") != "image":
        return None
    source = block.get("source")
    match source:
        case {"type": "url", "url": str(address)}:
            if not address.startswith("https://"):
                raise Refused("bad_request", "Only HTTPS URLs are supported.")
            return at_address(address, _IMAGE_TOKENS)
        case {"type": "base64", "media_type": str(media_type), "data": str(data)}:
            return _inline(media_type, data)
        case _:
            raise Refused("bad_request", "image.source: Field required")


def _inline(media_type: str, data: str) -> Picture:
    if media_type not in _IMAGE_TYPES:
        expected = " or ".join(repr(known) for known in _IMAGE_TYPES)
        raise Refused("bad_request", f"image.source.base64.media_type: Input should be {expected}")
    try:
        picture = in_base64(data, _IMAGE_TOKENS)
    except BadBase64:
        raise Refused("bad_request", "image.source.base64: invalid base64 data") from None
    if picture.found is None:
        raise Refused("bad_request", "Could not process image")
    if picture.found != media_type:
        said = f"The image was specified using the {media_type} media type, but the image appears to be a"
        raise Refused("bad_request", f"{said} {picture.found} image")
    return picture


def _has_a_blank_block(content: object) -> bool:
    return isinstance(content, list) and any(not words([block]).strip() for block in content)


def _schema(config: object) -> dict[str, Any] | None:
    form = config.get("format") if isinstance(config, dict) else None
    if form is None:
        return None
    schema = form.get("schema") if isinstance(form, dict) and form.get("type") == "json_schema" else None
    if not isinstance(schema, dict):
        raise Refused("bad_request", "output_config.format: Input does not match the expected shape")
    fault = _fault(schema)
    if fault:
        raise Refused("bad_request", f"output_config.format.schema: {fault}")
    return schema


def _fault(schema: object) -> str | None:
    """Say what structured output would refuse in a schema, or None."""
    if isinstance(schema, list):
        return next((fault for each in schema if (fault := _fault(each))), None)
    if not isinstance(schema, dict):
        return None
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return "For 'object' type, 'additionalProperties' must be explicitly set to false"
    refused = sorted(_REFUSED_KEYWORDS & schema.keys())
    if refused:
        return f"For '{schema.get('type')}' type, property '{refused[0]}' is not supported"
    inner = [schema[key] for key in ("items", "anyOf", "allOf") if key in schema]
    named = [each for key in ("properties", "$defs", "definitions") for each in schema.get(key, {}).values()]
    return _fault([*inner, *named])
