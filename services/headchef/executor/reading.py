"""Reads what an OpenAI-compatible endpoint answered, good or bad, into our own types."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import orjson

from headchef_contracts.events.common import Usage
from headchef_contracts.events.jobs import FailureReason
from headchef_contracts.events.steps import AttemptOutcome

from headchef.executor.provider import Answered, Faulted, Reply
from headchef.executor.retry_after import read_retry_after

_MAX_MESSAGE = 500
_MAX_TOKENS = 1_000_000_000
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key|gsk|Bearer)[-_ ][A-Za-z0-9_\-*.]{6,}")
_BILLING = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated"})
_TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length", "request_too_large"})


class ResponseReader:
    """Reads responses of one endpoint.

    Args:
        secret: the API key, cut out of every message; None where there is none.
    """

    def __init__(self, secret: str | None) -> None:
        self._secret = secret

    def read(self, status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Reply:
        """Read a whole response.

        Args:
            status: of HTTP.
            headers: names in any case.
            body: decoded, complete.
            now: for dates in headers, UTC.
        """
        request_id = headers.get("x-request-id") or headers.get("apim-request-id")
        data = _parsed(body)
        if not 200 <= status < 300:
            return self._refused(status, headers, data, now, request_id)
        if not isinstance(data, dict):
            what = "an empty body" if not body.strip() else "a body that is not a JSON object"
            return self._malformed(status, what, request_id, None)
        if data.get("error"):
            message = self.clean(f"an error inside: {_error_of(data)[0]}")
            return self._malformed(status, message, request_id, _usage(data))
        return self._answer(status, data, request_id or _text_or_none(data.get("id")))

    def clean(self, message: str) -> str:
        """Shorten a provider's words to one line and cut out whatever looks like a credential."""
        if self._secret:
            message = message.replace(self._secret, "[key]")
        return _KEY_LIKE.sub("[key]", " ".join(message.split()))[:_MAX_MESSAGE]

    def _answer(self, status: int, data: dict[str, Any], request_id: str | None) -> Reply:
        usage, choice = _usage(data), _first(data.get("choices"))
        message = choice.get("message")
        if not isinstance(message, dict):
            return self._malformed(status, "an answer without choices[0].message", request_id, usage)
        finish_reason = _text_or_none(choice.get("finish_reason")) or "unknown"
        text = _content(message.get("content"))
        withheld = _withheld(message, finish_reason)
        if withheld is not None:
            outcome, said = withheld
            return Faulted(outcome, said, outcome, status, None, request_id, usage)
        if not text:
            return self._malformed(status, "an answer without text", request_id, usage)
        return Answered(text, finish_reason, _text_or_none(data.get("model")), usage, request_id, status)

    def _malformed(self, status: int, what: str, request_id: str | None, usage: Usage | None) -> Faulted:
        message = f"the provider answered {status} with {what}"
        return Faulted("malformed_response", message, None, status, None, request_id, usage)

    def _refused(
        self, status: int, headers: Mapping[str, str], data: object, now: datetime, request_id: str | None
    ) -> Faulted:
        said, codes = _error_of(data)
        outcome, final = _classified(status, codes, said)
        wait_s = read_retry_after(headers, said, now) if final is None else None
        message = self.clean(f"the provider answered {status}: {said}" if said else f"the provider answered {status}")
        return Faulted(outcome, message, final, status, wait_s, request_id)


def _withheld(message: dict[str, Any], finish_reason: str) -> tuple[Literal["length", "refusal"], str] | None:
    if message.get("refusal") or finish_reason == "content_filter":
        return "refusal", "the model refused to answer, or a filter withheld the answer"
    if finish_reason == "length":
        return "length", "cut off by the output limit: raise parameters.max_output_tokens, or ask for less"
    return None


def _classified(status: int, codes: frozenset[str], said: str) -> tuple[AttemptOutcome, FailureReason | None]:
    if status in (401, 402, 403) or (status == 429 and codes & _BILLING):
        return "credentials", "credentials"
    if status == 429:
        return "rate_limited", None
    if status == 408:
        return "timeout", None
    if status == 409 or status >= 500:
        return "server_error", None
    if "content_filter" in codes:
        return "refusal", "refusal"
    if status == 413 or codes & _TOO_LONG or "maximum context length" in said:
        return "bad_request", "too_large"
    if "model_not_found" in codes or (status == 404 and "model" in said.lower()):
        return "bad_request", "unknown_model"
    return "bad_request", "provider_refused_request"


def _error_of(data: object) -> tuple[str, frozenset[str]]:
    """Give an error's text and its codes, from the shapes that OpenAI-compatible endpoints use."""
    error = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(error, str):
        return error, frozenset()
    if not isinstance(error, dict):
        return "", frozenset()
    said = error.get("message") or error.get("detail") or ""
    codes = frozenset(str(error[key]) for key in ("code", "type") if error.get(key))
    return said if isinstance(said, str) else orjson.dumps(said).decode(), codes


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _first(choices: object) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _content(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _usage(data: dict[str, Any]) -> Usage | None:
    usage = data.get("usage")
    if not isinstance(usage, dict):
        return None
    given, made = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if given is None or made is None:
        return None
    cached = _detail(usage.get("prompt_tokens_details"), "cached_tokens")
    reasoning = _detail(usage.get("completion_tokens_details"), "reasoning_tokens")
    return Usage(
        input_tokens=given,
        output_tokens=made,
        cached_input_tokens=min(cached, given),
        reasoning_tokens=min(reasoning, made),
    )


def _detail(details: object, key: str) -> int:
    return (_count(details.get(key)) or 0) if isinstance(details, dict) else 0


def _count(value: object) -> int | None:
    # A count beyond any model's is a garbled one; it must not become a sum that no event can carry.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_TOKENS else None


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
