"""OpenAI's chat completions, as the simulator answers them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

import orjson

from headchef.simulator.dialects.images import BadBase64, Picture, at_address, in_base64, see, told
from headchef.simulator.dialects.port import Answer, Asked, Refusal, Refused, Sent, Standing, read_object, whole
from headchef.simulator.dialects.reading import Reading, reading_of, words

_STATUS: Mapping[Refusal, tuple[int, str, str | None]] = {
    "unauthorised": (401, "invalid_request_error", "invalid_api_key"),
    "bad_request": (400, "invalid_request_error", None),
    "unknown_model": (404, "invalid_request_error", "model_not_found"),
    "too_long": (400, "invalid_request_error", "context_length_exceeded"),
    "rate_limited": (429, "", "rate_limit_exceeded"),
    "server_error": (500, "server_error", None),
    "unavailable": (503, "service_unavailable", None),
    "billing": (429, "insufficient_quota", "insufficient_quota"),
}
"""Status, type and code of each refusal; the type of a rate limit is what was used up."""

_IMAGE_TOKENS = 85 + 170 * 4
"""Of an image of 1,024 by 1,024 pixels, in tiles of 512 (OpenAI's guide to images, November 2026)."""

_IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")


class OpenAI:
    """`POST /v1/chat/completions`."""

    path = "/v1/chat/completions"

    def key(self, headers: Mapping[str, str]) -> str:
        """Give the bearer's token."""
        return headers.get("Authorization", "").removeprefix("Bearer ")

    def read(self, raw: bytes, model: str | None) -> Asked:
        """Read a chat completion."""
        request = read_object(raw, "We could not parse the JSON body of your request.")
        named = request.get("model")
        if not isinstance(named, str):
            raise Refused("bad_request", "you must provide a model parameter", param="model")
        messages = request.get("messages")
        if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
            raise Refused("bad_request", "messages is a list of at least one message.", param="messages")
        form = request.get("response_format") or {"type": "text"}
        if not _is_form(form):
            raise Refused("bad_request", "response_format is not one that is known.", param="response_format")
        spoken = [message for message in messages if message.get("role") == "user"] or messages
        seen = [see(message.get("content"), _picture_for(message.get("role"))) for message in messages]
        images = tuple(image for _, shown in seen for image in shown)
        said = [(str(message.get("role")), content) for message, (content, _) in zip(messages, seen, strict=True)]
        return Asked(
            named,
            told(images, "\n".join(words(message.get("content")) for message in spoken)),
            json=form["type"] == "json_object",
            schema=form["json_schema"].get("schema", {}) if form["type"] == "json_schema" else None,
            limit=whole(request.get("max_completion_tokens", request.get("max_tokens"))),
            reading=_reading(request, said, form.get("json_schema")),
            images=images,
        )

    def answer(self, answer: Answer) -> Sent:
        """Write a chat completion."""
        tokens = answer.tokens
        message = {
            "role": "assistant",
            "content": answer.content,
            "refusal": answer.refusal if answer.content is None else None,
        }
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": "length" if answer.is_cut else "stop",
        }
        body = {
            "id": f"chatcmpl-{answer.request_id}",
            "object": "chat.completion",
            "created": 0,
            "model": answer.model,
            "system_fingerprint": "simulated",
            "choices": [choice],
            "usage": {
                "prompt_tokens": tokens.input,
                "completion_tokens": tokens.output,
                "total_tokens": tokens.input + tokens.output,
                "prompt_tokens_details": {
                    "cached_tokens": tokens.cached_input,
                    **({"cache_write_tokens": tokens.cache_write} if tokens.cache_write else {}),
                },
                "completion_tokens_details": {"reasoning_tokens": tokens.reasoning},
            },
        }
        return Sent(200, orjson.dumps(body), _id(answer.request_id))

    def refuse(self, refused: Refused, request_id: str) -> Sent:
        """Write an error; a rate limit says how long to wait in the header, to the millisecond, and in words."""
        status, kind, code = _STATUS[refused.kind]
        message, headers = refused.message, _id(request_id)
        if refused.wait_s:
            message = f"{message} Please try again in {refused.wait_s:g}s."
            headers["Retry-After"] = str(ceil(refused.wait_s))
            headers["Retry-After-Ms"] = str(round(refused.wait_s * 1000))
        if refused.kind == "rate_limited":
            kind = refused.resource or "requests"
        error = {"message": message, "type": kind, "param": refused.param, "code": code}
        return Sent(status, orjson.dumps({"error": error}), headers)

    def quota(self, standings: Sequence[Standing], now: datetime) -> Mapping[str, str]:
        """Write the headers of requests and of tokens; this dialect counts input and output together."""
        headers = {}
        for standing in standings:
            if standing.resource in ("requests", "tokens"):
                headers[f"x-ratelimit-limit-{standing.resource}"] = str(standing.limit)
                headers[f"x-ratelimit-remaining-{standing.resource}"] = str(standing.left)
                headers[f"x-ratelimit-reset-{standing.resource}"] = _duration(standing.full_in_s)
        return headers

    def models(self, models: tuple[str, ...]) -> bytes:
        """Write the list of models."""
        data = [{"id": model, "object": "model", "created": 0, "owned_by": "headchef-simulator"} for model in models]
        return orjson.dumps({"object": "list", "data": data})


def _duration(seconds: float) -> str:
    """Write a duration as this API does: `12ms`, `1.5s`, `6m0s`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:g}m{rest:.0f}s" if minutes else f"{rest:.4g}s"


def _id(request_id: str) -> dict[str, str]:
    return {"x-request-id": request_id}


def _picture_for(role: object) -> Callable[[Mapping[str, Any]], Picture | None]:
    def picture_of(part: Mapping[str, Any]) -> Picture | None:
        if part.get("type") != "image_url":
            return None
        if role != "user":
            raise _refused(f"Image URLs are only allowed for messages with role 'user', not '{role}'.")
        shown = part.get("image_url")
        address = shown.get("url") if isinstance(shown, dict) else None
        if not isinstance(address, str):
            raise _refused("Missing required parameter: 'image_url.url'.")
        if not address.startswith("data:"):
            if not address.startswith(("https://", "http://")):
                raise _refused("Invalid 'image_url'. Expected a valid URL.")
            return at_address(address, _IMAGE_TOKENS)
        try:
            picture = in_base64(address.partition(";base64,")[2], _IMAGE_TOKENS)
        except BadBase64:
            raise _refused("Invalid base64 image_url.") from None
        if picture.found not in _IMAGE_TYPES:
            raise _refused("You uploaded an unsupported image. Please make sure your image is valid.")
        return picture

    return picture_of


def _refused(message: str) -> Refused:
    return Refused("bad_request", message, param="messages")


def _reading(request: Mapping[str, Any], said: Sequence[tuple[str, object]], schema: object) -> Reading:
    """Where a call says that it sets the marks itself, as models from GPT-5.6 on take it, no others count."""
    options = request.get("prompt_cache_options")
    needs_marks = isinstance(options, dict) and options.get("mode") == "explicit"
    return reading_of(schema, said, mark="prompt_cache_breakpoint" if needs_marks else None, needs_marks=needs_marks)


def _is_form(form: Any) -> bool:
    if not isinstance(form, dict) or form.get("type") not in ("text", "json_object", "json_schema"):
        return False
    schema = form.get("json_schema")
    return form["type"] != "json_schema" or (isinstance(schema, dict) and isinstance(schema.get("schema", {}), dict))
