"""Gemini's generateContent."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import orjson

from headchef_contracts.events.common import Usage
from headchef_contracts.events.images import Image

from headchef.catalogue import Provider
from headchef.executor.dialects.port import Kind, Refused, Said, Withheld
from headchef.executor.dialects.values import count, given, mapping, mappings, smallest, text, texts
from headchef.executor.provider import Call, Left, Question, Turn

_WITHHELD: Mapping[str, Withheld] = {
    "MAX_TOKENS": "length",
    "SAFETY": "refusal",
    "RECITATION": "refusal",
    "LANGUAGE": "refusal",
    "BLOCKLIST": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "SPII": "refusal",
}
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


class Gemini:
    """Speaks to one account.

    Args:
        account: nothing of it is needed here.
    """

    request_ids: tuple[str, ...] = ()

    def __init__(self, account: Provider) -> None:
        pass

    def headers(self, secret: str | None) -> Mapping[str, str]:
        """Give the credential; in the address, where the API takes it too, it would end up in logs."""
        return {"x-goog-api-key": secret} if secret else {}

    def left(self, headers: Mapping[str, str], now: datetime) -> tuple[Left, ...]:
        """Read nothing: this dialect tells of a quota only when it is used up."""
        return ()

    def write(self, question: Question) -> Call:
        """Write a request. The model stands in its path."""
        contents = [
            {"role": "model" if turn.role == "assistant" else "user", "parts": _parts(turn)}
            for turn in question.turns
            if turn.role != "system"
        ]
        system = [{"text": turn.text} for turn in question.turns if turn.role == "system"]
        body = given(
            contents=contents,
            systemInstruction={"parts": system} if system else None,
            generationConfig=_config(question) or None,
        )
        model = question.model.provider_model
        return Call(f"/{quote(model if '/' in model else f'models/{model}')}:generateContent", orjson.dumps(body))

    def answer(self, data: dict[str, Any]) -> Said:
        """Read a response. A prompt that was blocked has no candidates; thoughts are no part of the answer."""
        candidate = next(iter(mappings(data.get("candidates"))), None)
        blocked = text(mapping(data.get("promptFeedback")).get("blockReason"))
        reason = blocked or text(mapping(candidate).get("finishReason")) or "unknown"
        parts = mappings(mapping(mapping(candidate).get("content")).get("parts"))
        return Said(
            text=texts([part for part in parts if part.get("thought") is not True]),
            finish_reason=reason,
            withheld="refusal" if blocked else _WITHHELD.get(reason),
            lacks=None if blocked or candidate is not None else "candidates[0]",
            provider_model=text(data.get("modelVersion")),
            response_id=text(data.get("responseId")),
            usage=_usage(data.get("usageMetadata")),
        )

    def refusal(self, data: object) -> Refused:
        """Read an error; some gateways put it into a list."""
        if isinstance(data, list) and data:
            data = data[0]
        error = mapping(mapping(data).get("error"))
        said, details = text(error.get("message")) or "", mappings(error.get("details"))
        return Refused(said, _kind(error.get("status"), said, details), _wait_s(details))


def _parts(turn: Turn) -> list[dict[str, Any]]:
    """Put images before the text, as the guide to images advises."""
    shown = [_part(image) for image in turn.images]
    return shown if shown and not turn.text.strip() else [*shown, {"text": turn.text}]


def _part(image: Image) -> dict[str, Any]:
    if image.url is not None:
        return {"fileData": {"mimeType": image.media_type, "fileUri": image.url}}
    return {"inlineData": {"mimeType": image.media_type, "data": image.base64}}


def _config(question: Question) -> dict[str, object]:
    model, parameters, schema = question.model, question.parameters, question.output_schema
    is_json = schema is not None and model.structured_output != "none"
    return given(
        maxOutputTokens=smallest(parameters.max_output_tokens, model.max_output_tokens),
        temperature=parameters.temperature,
        topP=parameters.top_p,
        seed=parameters.seed,
        stopSequences=parameters.stop,
        responseMimeType="application/json" if is_json else None,
        responseJsonSchema=schema if model.structured_output == "json_schema" else None,
    )


def _kind(status: object, said: str, details: list[dict[str, Any]]) -> Kind | None:
    """A wrong key is a bad request here. That a 429 speaks of billing means nothing: each of them does."""
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
        return "credentials"
    if status == "FAILED_PRECONDITION" and "billing" in said.lower():
        return "billing"
    return "too_large" if "exceeds the maximum number of tokens" in said else None


def _wait_s(details: list[dict[str, Any]]) -> float | None:
    """Read `google.rpc.RetryInfo`, which stands in the body and not in a header."""
    delays = (_SECONDS.fullmatch(text(detail.get("retryDelay")) or "") for detail in details)
    return next((float(delay[1]) or None for delay in delays if delay), None)


def _usage(usage: object) -> Usage | None:
    """Count thoughts as output: they are billed as such, and this dialect counts them apart."""
    said = mapping(usage)
    given, made, thoughts = (
        count(said.get(name, 0)) for name in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    )
    if not given or made is None or thoughts is None:
        return None
    return Usage(
        input_tokens=given,
        output_tokens=made + thoughts,
        cached_input_tokens=min(count(said.get("cachedContentTokenCount")) or 0, given),
        reasoning_tokens=thoughts,
    )
