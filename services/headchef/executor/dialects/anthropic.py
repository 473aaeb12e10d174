"""Anthropic's messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from headchef_contracts.events.common import Usage
from headchef_contracts.events.images import Image

from headchef.catalogue import Provider
from headchef.catalogue.form import Resource
from headchef.executor.dialects.narrowing import narrowed
from headchef.executor.dialects.port import Kind, Refused, Said, Withheld
from headchef.executor.dialects.static import static_part
from headchef.executor.dialects.values import count, given, mapping, number, seconds_until, smallest, text, texts
from headchef.executor.provider import Cacheable, Call, Left, Question, Turn

_VERSION = "2023-06-01"
_LIMITS = "anthropic-ratelimit-"
_LEFT: Mapping[str, Resource] = {
    "requests": "requests",
    "tokens": "tokens",
    "input-tokens": "input_tokens",
    "output-tokens": "output_tokens",
}
"""How headers name resources."""

_MARK = {"cache_control": {"type": "ephemeral"}}
"""Of the end of what is to be cached."""

_LIFETIME_S = 300.0
"""Of what nobody uses, for that mark (Anthropic's guide to prompt caching, November 2026)."""

_BETWEEN = "\n\n"
"""Between several things that the system says."""

_WITHHELD: Mapping[str, Withheld] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
_KINDS: Mapping[str, Kind] = {"credit balance is too low": "billing", "prompt is too long": "too_large"}


class Anthropic:
    """Speaks to one account; a seed is left out, since this dialect has none.

    Args:
        account: nothing of it is needed here.
    """

    request_ids = ("request-id",)

    def __init__(self, account: Provider) -> None:
        pass

    def headers(self, secret: str | None) -> Mapping[str, str]:
        """Give the credential, and the version of the API that this file speaks."""
        return {"anthropic-version": _VERSION} | ({"x-api-key": secret} if secret else {})

    def left(self, headers: Mapping[str, str], now: datetime) -> tuple[Left, ...]:
        """Read what is left, and at what time all will be there again."""
        return tuple(
            Left(resource, amount, seconds_until(headers.get(f"{_LIMITS}{name}-reset"), now))
            for name, resource in _LEFT.items()
            if (amount := number(headers.get(f"{_LIMITS}{name}-remaining"))) is not None
        )

    def write(self, question: Question) -> Call:
        """Write a message. What the system says stands apart and first, and there must be an output limit."""
        model, parameters = question.model, question.parameters
        turns = _system_first(question)
        part = static_part(question, turns) if model.cache_breakpoints else None

        def written(mark: Mapping[str, Any]) -> bytes:
            said = [
                part.blocks(turn.text, mark) if part is not None and part.message == index else _content(turn)
                for index, turn in enumerate(turns)
            ]
            has_system = turns[0].role == "system"
            spoken = zip(turns[has_system:], said[has_system:], strict=True)
            body = given(
                model=model.provider_model,
                max_tokens=smallest(parameters.max_output_tokens, model.max_output_tokens),
                system=(said[0] or None) if has_system else None,
                messages=[{"role": turn.role, "content": content} for turn, content in spoken],
                output_config=_form(question),
                temperature=parameters.temperature,
                top_p=parameters.top_p,
                stop_sequences=parameters.stop,
            )
            return orjson.dumps(body)

        cacheable = None if part is None else Cacheable(part.key, written(_MARK), _LIFETIME_S)
        return Call("/messages", written({}), cacheable)

    def answer(self, data: dict[str, Any]) -> Said:
        """Read a message; of its blocks only texts are of interest."""
        content = data.get("content")
        reason = text(data.get("stop_reason")) or "unknown"
        return Said(
            text=texts(content),
            finish_reason=reason,
            withheld=_WITHHELD.get(reason),
            lacks=None if isinstance(content, list) else "content",
            provider_model=text(data.get("model")),
            response_id=text(data.get("id")),
            usage=_usage(data.get("usage")),
        )

    def refusal(self, data: object) -> Refused:
        """Read an error. Want of credit and a prompt that is too long are told in words alone."""
        said = text(mapping(mapping(data).get("error")).get("message")) or ""
        kind = next((kind for words, kind in _KINDS.items() if words in said), None)
        return Refused(said, kind, None, text(mapping(data).get("request_id")))


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    """Put images before the text, as the guide to vision advises; a blank text beside them would be refused."""
    if not turn.images:
        return turn.text
    shown = [{"type": "image", "source": _source(image)} for image in turn.images]
    return [*shown, {"type": "text", "text": turn.text}] if turn.text.strip() else shown


def _source(image: Image) -> dict[str, Any]:
    if image.url is not None:
        return {"type": "url", "url": image.url}
    return {"type": "base64", "media_type": image.media_type, "data": image.base64}


def _system_first(question: Question) -> list[Turn]:
    """Give what the system says as one message before all others, static as far as the first text that is not."""
    system = [turn for turn in question.turns if turn.role == "system"]
    spoken = [turn for turn in question.turns if turn.role != "system"]
    if not system:
        return spoken
    whole = next((at for at, turn in enumerate(system) if turn.static_characters < len(turn.text)), len(system) - 1)
    before = sum(len(turn.text) + len(_BETWEEN) for turn in system[:whole])
    text = _BETWEEN.join(turn.text for turn in system)
    return [Turn("system", text, static_characters=before + system[whole].static_characters), *spoken]


def _form(question: Question) -> dict[str, Any] | None:
    if question.output_schema is None or question.model.structured_output != "json_schema":
        return None
    schema = narrowed(question.output_schema)
    return None if schema is None else {"format": {"type": "json_schema", "schema": schema}}


def _usage(usage: object) -> Usage | None:
    """Add what was read from the cache and written to it to the input, which this dialect counts apart."""
    said = mapping(usage)
    fresh, made = count(said.get("input_tokens")), count(said.get("output_tokens"))
    if fresh is None or made is None:
        return None
    cached = count(said.get("cache_read_input_tokens")) or 0
    written = count(said.get("cache_creation_input_tokens")) or 0
    reasoning = count(mapping(said.get("output_tokens_details")).get("thinking_tokens")) or 0
    return Usage(
        input_tokens=fresh + cached + written,
        output_tokens=made,
        cached_input_tokens=cached,
        cache_write_input_tokens=written,
        reasoning_tokens=min(reasoning, made),
    )
