"""The code blocks of the pages that users read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES: Sequence[str] = (
    "README.md",
    "docs/concepts.md",
    "docs/how-to.md",
    "docs/checks.md",
    "docs/workflows.md",
    "docs/cache.md",
    "docs/tutorial.md",
    "docs/events.md",
    "docs/reference.md",
)
"""In the order in which their commands are run."""
TUTORIAL = "docs/tutorial.md"
"""Has what its commands say, too."""

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", flags=re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        page: the file, from the top of the tree.
        line: of its first line, counted from 1.
        language: what the fence says.
        text: without the fences.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """Name the block for people."""
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    """Read a page."""
    return (ROOT / page).read_text("utf-8")


def blocks_of(page: str, *languages: str) -> list[Block]:
    """Give a page's blocks in these languages, in order."""
    text = text_of(page)
    return [
        Block(page, text.count("\n", 0, found.start()) + 2, found["language"], found["text"])
        for found in _BLOCK.finditer(text)
        if found["language"] in languages
    ]


def all_blocks(*languages: str) -> list[Block]:
    """Give the blocks of all pages in these languages, in the order of the pages."""
    return [block for page in PAGES for block in blocks_of(page, *languages)]
