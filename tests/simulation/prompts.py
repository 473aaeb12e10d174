"""The cache of prompts that the simulated provider keeps, and how often a process writes the same to it at once."""

from typing import Any, NamedTuple

from tests.simulation.images import blocks_of
from tests.simulation.loop import Life

Key = tuple[str, str, str]
"""Account, model, and all that is read up to the mark: the form of the answer, and what is said."""


class Marked(NamedTuple):
    """A call with a mark.

    Attributes:
        key: what it marks.
        is_kept: whether that was in the cache when the call began.
    """

    key: Key
    is_kept: bool


class Prompts:
    """Remembers for good what marked calls began with, once one of them was answered.

    Attributes:
        strays: calls that wrote what another call of their process was still writing, in words.
    """

    def __init__(self) -> None:
        self.strays: list[str] = []
        self._kept: set[Key] = set()
        self._written: dict[tuple[Life | None, Key], str] = {}

    def begun(self, life: Life | None, number: str, host: str, asked: dict[str, Any]) -> Marked | None:
        """Note a call that begins; None if it has no mark."""
        said, is_marked = _up_to_the_mark(asked)
        if not is_marked:
            return None
        marked = Marked((host, asked["model"], said), (host, asked["model"], said) in self._kept)
        if not marked.is_kept:
            other = self._written.setdefault((life, marked.key), number)
            if other != number:
                self.strays.append(f"{number} began to write {said!r} while {other} did, in the same process")
        return marked

    def answered(self, marked: Marked | None) -> None:
        """Keep what a call began with."""
        if marked is not None:
            self._kept.add(marked.key)

    def ended(self, life: Life | None, number: str, marked: Marked | None) -> None:
        """Note a call that is over, whatever came of it."""
        if marked is not None and self._written.get((life, marked.key)) == number:
            del self._written[life, marked.key]


def words(content: Any) -> str:
    """Give what a message says, which may stand in blocks, beside images."""
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def _up_to_the_mark(asked: dict[str, Any]) -> tuple[str, bool]:
    said = str(asked.get("response_format", ""))
    for message in asked["messages"]:
        for block in blocks_of(message):
            said += f"{message['role']}: {block.get('text') or block['image_url']['url']}"
            if "prompt_cache_breakpoint" in block:
                return said, True
    return said, False
