"""Reads what an endpoint answered, good or bad, into our own types; its dialect knows the bodies."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import orjson

from headchef_contracts.events.common import Usage
from headchef_contracts.events.jobs import FailureReason
from headchef_contracts.events.steps import AttemptOutcome

from headchef.executor.dialects import Dialect
from headchef.executor.dialects.port import Kind, Withheld
from headchef.executor.provider import Answered, Faulted, Halt, Reply
from headchef.retry_after import read_retry_after

_MAX_MESSAGE = 500
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key|gsk|Bearer)[-_ ][A-Za-z0-9_\-*.]{6,}|\bAIza[A-Za-z0-9_\-*.]{6,}")
_SIGNED = re.compile(r"(https://[^\s?\"'<>]+)\?[^\s\"'<>]+")
"""An address with what may sign it, as providers quote those of images that they could not read."""

_WITHHELD: Mapping[Withheld, str] = {
    "length": "cut off by the output limit: raise parameters.max_output_tokens, or ask for less",
    "refusal": "the model refused to answer, or a filter withheld the answer",
}
_KINDS: Mapping[Kind, tuple[AttemptOutcome, FailureReason, Halt | None]] = {
    "credentials": ("credentials", "credentials", "credentials"),
    "billing": ("credentials", "credentials", "billing"),
    "filtered": ("refusal", "refusal", None),
    "too_large": ("bad_request", "too_large", None),
    "unknown_model": ("bad_request", "unknown_model", "unknown_model"),
}
_STATUSES: Mapping[int, Kind] = {401: "credentials", 402: "billing", 403: "credentials", 413: "too_large"}


class ResponseReader:
    """Reads responses of one endpoint.

    Args:
        dialect: knows the bodies.
        secret: the API key, cut out of every message; None where there is none.
    """

    def __init__(self, dialect: Dialect, secret: str | None) -> None:
        self._dialect = dialect
        self._secret = secret

    def read(self, status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Reply:
        """Read a whole response.

        Args:
            status: of HTTP.
            headers: names in any case.
            body: decoded, complete.
            now: for dates in headers, UTC.
        """
        reply = self._read(status, headers, body, now)
        left = self._dialect.left(headers, now)
        return replace(reply, left=left) if left else reply

    def _read(self, status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Reply:
        request_id = next((found for name in self._dialect.request_ids if (found := headers.get(name))), None)
        data = _parsed(body)
        if not 200 <= status < 300:
            return self._refused(status, headers, data, now, request_id)
        if not isinstance(data, dict):
            what = "an empty body" if not body.strip() else "a body that is not a JSON object"
            return _malformed(status, what, request_id, None)
        said = self._dialect.answer(data)
        if data.get("error"):
            message = self.clean(f"an error inside: {self._dialect.refusal(data).said}")
            return _malformed(status, message, request_id, said.usage)
        request_id = request_id or said.response_id
        if said.lacks is not None:
            return _malformed(status, f"an answer without {said.lacks}", request_id, said.usage)
        if said.withheld is not None:
            message = _WITHHELD[said.withheld]
            return Faulted(said.withheld, message, said.withheld, status, None, request_id, said.usage)
        if not said.text:
            what = f"an answer without text ({self.clean(said.finish_reason)})"
            return _malformed(status, what, request_id, said.usage)
        return Answered(said.text, said.finish_reason, said.provider_model, said.usage, request_id, status)

    def clean(self, message: str) -> str:
        """Shorten a provider's words to one line and cut out whatever looks like a credential or signs an address."""
        if self._secret:
            message = message.replace(self._secret, "[key]")
        return _KEY_LIKE.sub("[key]", _SIGNED.sub(r"\1?[…]", " ".join(message.split())))[:_MAX_MESSAGE]

    def _refused(
        self, status: int, headers: Mapping[str, str], data: object, now: datetime, request_id: str | None
    ) -> Faulted:
        refused = self._dialect.refusal(data)
        said = refused.said
        outcome, final, halts = _classified(status, refused.kind, said)
        wait_s = (refused.wait_s or read_retry_after(headers, said, now)) if final is None else None
        message = self.clean(f"the provider answered {status}: {said}" if said else f"the provider answered {status}")
        request_id = request_id or refused.request_id
        return Faulted(outcome, message, final, status, wait_s, request_id, halts=halts)


def _malformed(status: int, what: str, request_id: str | None, usage: Usage | None) -> Faulted:
    message = f"the provider answered {status} with {what}"
    return Faulted("malformed_response", message, None, status, None, request_id, usage)


def _classified(status: int, kind: Kind | None, said: str) -> tuple[AttemptOutcome, FailureReason | None, Halt | None]:
    """Say what a refusal is; what clears by itself is told by the status, whatever the words."""
    if status in (401, 402, 403) or kind in ("credentials", "billing"):
        return _KINDS[kind or _STATUSES[status]]
    if status == 429:
        return "rate_limited", None, None
    if status == 408:
        return "timeout", None, None
    if status == 409 or status >= 500:
        return "server_error", None, None
    if kind is None and status == 404 and "model" in said.lower():
        kind = "unknown_model"
    kind = kind or _STATUSES.get(status)
    return _KINDS[kind] if kind else ("bad_request", "provider_refused_request", None)


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
