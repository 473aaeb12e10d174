"""OpenAI's chat completions, which Azure, Mistral, Groq, OpenRouter, vLLM, Ollama and llama.cpp speak too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from headchef_contracts.events.common import Usage
from headchef_contracts.events.images import Image

from headchef.catalogue import Provider
from headchef.catalogue.form import Resource
from headchef.executor.dialects.port import Kind, Refused, Said, Withheld
from headchef.executor.dialects.static import static_part
from headchef.executor.dialects.strict import response_format
from headchef.executor.dialects.values import count, given, mapping, mappings, number, smallest, text, texts
from headchef.executor.provider import Cacheable, Call, Left, Question, Turn
from headchef.retry_after import read_duration

_LEFT: Mapping[str, Resource] = {
    "requests": "requests",
    "tokens": "tokens",
    "req-minute": "requests",
    "tokens-minute": "tokens",
}
"""How headers name resources; the last two are Mistral's."""

_MARK = {"prompt_cache_breakpoint": {"mode": "explicit"}}
"""Of the end of what is to be cached; known to models from GPT-5.6 on."""

_LIFETIME_S = 1800.0
"""Of what nobody uses, at least (OpenAI's guide to prompt caching, November 2026)."""

_BILLING = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated"})
_TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length", "request_too_large"})


class OpenAI:
    """Speaks to one account.

    Args:
        account: says what the endpoint calls the output limit, and whether it is told which calls begin alike.
    """

    request_ids = ("x-request-id", "apim-request-id")

    def __init__(self, account: Provider) -> None:
        self._limit_field = account.output_limit_field
        self._names_parts = account.prompt_cache_key

    def headers(self, secret: str | None) -> Mapping[str, str]:
        """Give the credential; endpoints on one's own machine want none."""
        return {"Authorization": f"Bearer {secret}"} if secret else {}

    def left(self, headers: Mapping[str, str], now: datetime) -> tuple[Left, ...]:
        """Read what is left, and when all will be there again, which Mistral does not say."""
        return tuple(
            Left(resource, amount, read_duration(headers.get(f"x-ratelimit-reset-{name}", "")))
            for name, resource in _LEFT.items()
            if (amount := number(headers.get(f"x-ratelimit-remaining-{name}"))) is not None
        )

    def write(self, question: Question) -> Call:
        """Write a chat completion. Where marks count, nothing is cached without one, and so nothing written in vain."""
        model, is_marked = question.model, question.model.cache_breakpoints
        part = None
        if is_marked or self._names_parts:
            part = static_part(question, question.turns)
        caching = given(
            prompt_cache_options={"mode": "explicit"} if is_marked else None,
            prompt_cache_key=part.key.hex() if part is not None and self._names_parts else None,
        )

        def written(mark: Mapping[str, Any]) -> bytes:
            messages = [
                {"role": turn.role, "content": part.blocks(turn.text, mark)}
                if is_marked and part is not None and part.message == index
                else {"role": turn.role, "content": _content(turn)}
                for index, turn in enumerate(question.turns)
            ]
            return orjson.dumps(
                {"model": model.provider_model, "messages": messages, **self._wanted(question), **caching}
            )

        cacheable = Cacheable(part.key, written(_MARK), _LIFETIME_S) if is_marked and part is not None else None
        return Call("/chat/completions", written({}), cacheable)

    def _wanted(self, question: Question) -> dict[str, object]:
        model, parameters, schema = question.model, question.parameters, question.output_schema
        limit = {self._limit_field: smallest(parameters.max_output_tokens, model.max_output_tokens)}
        return given(
            response_format=None if schema is None else response_format(schema, model.structured_output),
            temperature=parameters.temperature,
            top_p=parameters.top_p,
            seed=parameters.seed,
            stop=parameters.stop,
            **limit,
        )

    def answer(self, data: dict[str, Any]) -> Said:
        """Read a chat completion; content may come in parts, of which only texts are of interest."""
        choice = next(iter(mappings(data.get("choices"))), {})
        message = choice.get("message")
        finish_reason = text(choice.get("finish_reason")) or "unknown"
        content = mapping(message).get("content")
        return Said(
            text=content if isinstance(content, str) else texts(content),
            finish_reason=finish_reason,
            withheld=_withheld(mapping(message), finish_reason),
            lacks=None if isinstance(message, dict) else "choices[0].message",
            provider_model=text(data.get("model")),
            response_id=text(data.get("id")),
            usage=_usage(data.get("usage")),
        )

    def refusal(self, data: object) -> Refused:
        """Read an error in the shapes that OpenAI-compatible endpoints use."""
        error = data.get("error", data) if isinstance(data, dict) else data
        if isinstance(error, str):
            return Refused(error, _kind(frozenset(), error))
        error = mapping(error)
        said = error.get("message") or error.get("detail") or ""
        said = said if isinstance(said, str) else orjson.dumps(said).decode()
        codes = frozenset(str(error[key]) for key in ("code", "type") if error.get(key))
        # OpenRouter's way to say with 403 that it was the prompt, and not the key.
        flagged = mapping(error.get("metadata")).get("flagged_input") is not None
        return Refused(said, "filtered" if flagged else _kind(codes, said))


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    """Put images before the text, as parts; a text alone stays one, since not all endpoints take parts."""
    if not turn.images:
        return turn.text
    shown = [{"type": "image_url", "image_url": {"url": _address(image)}} for image in turn.images]
    return [*shown, {"type": "text", "text": turn.text}] if turn.text.strip() else shown


def _address(image: Image) -> str:
    return image.url or f"data:{image.media_type};base64,{image.base64}"


def _kind(codes: frozenset[str], said: str) -> Kind | None:
    if codes & _BILLING:
        return "billing"
    if "content_filter" in codes:
        return "filtered"
    if codes & _TOO_LONG or "maximum context length" in said:
        return "too_large"
    return "unknown_model" if "model_not_found" in codes else None


def _withheld(message: dict[str, Any], finish_reason: str) -> Withheld | None:
    if message.get("refusal") or finish_reason == "content_filter":
        return "refusal"
    return "length" if finish_reason == "length" else None


def _usage(usage: object) -> Usage | None:
    said = mapping(usage)
    given, made = count(said.get("prompt_tokens")), count(said.get("completion_tokens"))
    if given is None or made is None:
        return None
    details = mapping(said.get("prompt_tokens_details"))
    cached = min(count(details.get("cached_tokens")) or 0, given)
    written = min(count(details.get("cache_write_tokens")) or 0, given - cached)
    reasoning = count(mapping(said.get("completion_tokens_details")).get("reasoning_tokens")) or 0
    return Usage(
        input_tokens=given,
        output_tokens=made,
        cached_input_tokens=cached,
        cache_write_input_tokens=written,
        reasoning_tokens=min(reasoning, made),
    )
