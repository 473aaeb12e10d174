"""Finds where the static part of a question ends, and writes the message in which it ends in two blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from headchef.executor.provider import Question, Turn

_BYTES_A_TOKEN = 3
"""Fewer than most texts have, so that rather too short a part is marked: that mark is ignored, and costs nothing."""

_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class StaticPart:
    """What all questions of a template begin with, as far as a provider may cache it.

    Attributes:
        message: index of the message in which it ends.
        characters: of that message, at least 1.
        key: the same for questions to a model that begin alike.
    """

    message: int
    characters: int
    key: bytes

    def blocks(self, text: str, mark: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Write the text of its message as two blocks, with a mark at the end of the first one.

        They are two whether there is a mark or not, so that a model reads the same either way. A block of nothing but
        white space is refused by providers: then all is one.
        """
        rest = text[self.characters :]
        if not rest.strip():
            return [{"type": "text", "text": text, **mark}]
        return [{"type": "text", "text": text[: self.characters], **mark}, {"type": "text", "text": rest}]


def static_part(question: Question, turns: Sequence[Turn]) -> StaticPart | None:
    """Find the static part of a question. It ends before the first image, which the provider reads before its text.

    Args:
        question: says which model, and how many tokens its provider caches at least.
        turns: in the order in which the provider reads them.

    Returns:
        The part, up to its last whole line if that is long enough; None where it is shorter than the provider caches.
    """
    end = _end(turns)
    if end is None:
        return None
    index, count = end
    role, text = turns[index].role, turns[index].text
    before, last = [(turn.role, turn.text) for turn in turns[:index]], text[:count]
    least_bytes = question.model.cacheable_tokens * _BYTES_A_TOKEN - sum(len(said.encode()) for _, said in before)
    lines = last[: last.rfind("\n") + 1]
    if lines.strip() and len(lines.encode()) >= least_bytes:
        last = lines
    elif len(last.encode()) < least_bytes:
        return None
    # Providers read the form of the answer before all messages.
    schema = None if question.model.structured_output == "none" else question.output_schema
    alike = orjson.dumps([question.model.provider_model, schema, before, role, last])
    return StaticPart(index, len(last), blake2b(alike, digest_size=_KEY_BYTES).digest())


def _end(turns: Sequence[Turn]) -> tuple[int, int] | None:
    """Give the message in which the static part ends, and how much of it is static; None where nothing is."""
    end = None
    for index, (_, text, images, count) in enumerate(turns):
        if images:
            break
        if text[:count].strip():
            end = index, min(count, len(text))
        if count < len(text):
            break
    return end
