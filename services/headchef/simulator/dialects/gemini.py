"""Gemini's generateContent, as the simulator answers it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from headchef.simulator.dialects.images import BadBase64, Picture, at_address, in_base64, see, told
from headchef.simulator.dialects.port import (
    Answer,
    Asked,
    Refusal,
    Refused,
    Resource,
    Sent,
    Standing,
    read_object,
    whole,
)
from headchef.simulator.dialects.reading import reading_of, words

_STATUS: Mapping[Refusal, tuple[int, str]] = {
    "unauthorised": (400, "INVALID_ARGUMENT"),
    "bad_request": (400, "INVALID_ARGUMENT"),
    "unknown_model": (404, "NOT_FOUND"),
    "too_long": (400, "INVALID_ARGUMENT"),
    "rate_limited": (429, "RESOURCE_EXHAUSTED"),
    "server_error": (500, "INTERNAL"),
    "unavailable": (503, "UNAVAILABLE"),
    "billing": (400, "FAILED_PRECONDITION"),
}
"""Status of HTTP and of gRPC for each refusal; a wrong key is a bad request here."""

_IMAGE_TOKENS = 4 * 258
"""Of an image of 1,024 by 1,024 pixels, in tiles of 768 (Google's guide to tokens, November 2026)."""

_IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif")

_TYPE = "type.googleapis.com/google.rpc."
_QUOTAS: Mapping[Resource, str] = {
    "requests": "GenerateRequestsPerMinutePerProjectPerModel",
    "input_tokens": "GenerateContentInputTokensPerModelPerMinute",
}


class Gemini:
    """`POST /v1beta/models/<model>:generateContent`."""

    path = "/v1beta/models/{model:[^:/]+}:generateContent"

    def key(self, headers: Mapping[str, str]) -> str:
        """Give the header's key."""
        return headers.get("x-goog-api-key", "")

    def read(self, raw: bytes, model: str | None) -> Asked:
        """Read a request."""
        request = read_object(raw, "Invalid JSON payload received.")
        contents = request.get("contents")
        if not isinstance(contents, list) or not contents or not all(isinstance(one, dict) for one in contents):
            raise Refused("bad_request", "* GenerateContentRequest.contents: contents is not specified")
        config = request.get("generationConfig") or {}
        if not isinstance(config, dict):
            raise Refused("bad_request", "Invalid value at 'generation_config'")
        schema = config.get("responseJsonSchema")
        is_json = config.get("responseMimeType") == "application/json"
        if schema is not None and not (isinstance(schema, dict) and is_json):
            raise Refused("bad_request", "* GenerateContentRequest.generation_config.response_json_schema: not allowed")
        spoken = [content for content in contents if content.get("role", "user") == "user"] or contents
        system = request.get("systemInstruction")
        if any(_picture(part) for part in _system_parts(system)):
            raise Refused("bad_request", "system_instruction only supports text parts")
        seen = [see(content.get("parts"), _picture) for content in contents]
        images = tuple(image for _, shown in seen for image in shown)
        said = [("system", system.get("parts") if isinstance(system, dict) else None)]
        said += [(str(content.get("role", "user")), parts) for content, (parts, _) in zip(contents, seen, strict=True)]
        return Asked(
            model or "",
            told(images, "\n".join(words(content.get("parts")) for content in spoken)),
            json=is_json and schema is None,
            schema=schema,
            limit=whole(config.get("maxOutputTokens")),
            reading=reading_of(schema, said),
            images=images,
        )

    def answer(self, answer: Answer) -> Sent:
        """Write a response. Thoughts are counted apart from the answer; no header names the request."""
        tokens = answer.tokens
        usage = {
            "promptTokenCount": tokens.input,
            "candidatesTokenCount": tokens.output - tokens.reasoning,
            "totalTokenCount": tokens.input + tokens.output,
            "cachedContentTokenCount": tokens.cached_input,
            "thoughtsTokenCount": tokens.reasoning,
        }
        candidate: dict[str, Any] = {"index": 0, "finishReason": "MAX_TOKENS" if answer.is_cut else "STOP"}
        if answer.content is None:
            candidate["finishReason"] = "SAFETY"
        else:
            candidate["content"] = {"role": "model", "parts": [{"text": answer.content}]}
        body = {
            "candidates": [candidate],
            "usageMetadata": {name: count for name, count in usage.items() if count},
            "modelVersion": answer.model,
            "responseId": answer.request_id,
        }
        return Sent(200, orjson.dumps(body))

    def refuse(self, refused: Refused, request_id: str) -> Sent:
        """Write an error; a rate limit says how long to wait in the body, and nowhere else."""
        status, name = _STATUS[refused.kind]
        details: list[dict[str, Any]] = []
        if refused.kind == "unauthorised":
            details.append({"@type": f"{_TYPE}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"})
        if refused.kind == "rate_limited":
            quota = _QUOTAS.get(refused.resource or "requests", _QUOTAS["requests"])
            details.append({"@type": f"{_TYPE}QuotaFailure", "violations": [{"quotaId": quota}]})
        if refused.wait_s:
            details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{refused.wait_s:g}s"})
        message = f"{refused.message} Please enable billing." if refused.kind == "billing" else refused.message
        error = {"code": status, "message": message, "status": name, "details": details}
        return Sent(status, orjson.dumps({"error": error}))

    def quota(self, standings: Sequence[Standing], now: datetime) -> Mapping[str, str]:
        """Write nothing: this dialect tells of a quota only when it is used up."""
        return {}


def _system_parts(system: object) -> list[dict[str, Any]]:
    parts = system.get("parts") if isinstance(system, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _picture(part: Mapping[str, Any]) -> Picture | None:
    match part:
        case {"fileData": {"mimeType": str(media_type), "fileUri": str(address)}}:
            _require_type(media_type)
            return at_address(address, _IMAGE_TOKENS)
        case {"inlineData": {"mimeType": str(media_type), "data": str(data)}}:
            _require_type(media_type)
        case _:
            return None
    try:
        picture = in_base64(data, _IMAGE_TOKENS)
    except BadBase64:
        raise Refused(
            "bad_request", "Invalid value at 'inline_data.data' (TYPE_BYTES), Base64 decoding failed"
        ) from None
    if picture.found is None:
        raise Refused("bad_request", "Unable to process input image.")
    return picture


def _require_type(media_type: str) -> None:
    if media_type not in _IMAGE_TYPES:
        raise Refused("bad_request", f"Unsupported MIME type: {media_type}")
