"""The tutorial's commands are run one after the other, and say what the page says that they say."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import TUTORIAL, Block, blocks_of
from tests.docs.desk import Desk

pytestmark = pytest.mark.timeout(480)

_TIMES = re.compile(r"\b\d+(\.\d+)? (ms|s)\b")


def lines_of(text: str) -> list[str]:
    """Give the lines of a text as they are compared: times differ, and the widths of columns follow from them."""
    return [" ".join(_TIMES.sub("…", line).split()) for line in text.splitlines() if line.strip()]


def unsaid(block: Block, said: str) -> list[str]:
    """Give the lines of a block that were not said."""
    found = lines_of(said)
    return [line for line in lines_of(block.text) if line not in found]


def test_its_commands_say_what_it_says(tmp_path: Path, kafka: str) -> None:
    desk, said, shown = Desk(tmp_path, kafka), "", 0
    try:
        desk.serve()
        for block in blocks_of(TUTORIAL, "sh", "text"):
            if block.language == "sh":
                said = desk.run(block)
            else:
                shown += 1
                assert unsaid(block, said) == [], f"{block.place} was not said:\n{said}"
    finally:
        desk.close()
    assert shown == 8


def test_a_line_that_was_not_said_is_noticed() -> None:
    block = Block(TUTORIAL, 1, "text", "passed  ghent  15 ms\n\n3 passed\n")
    assert unsaid(block, "passed ghent 1.2 s\n2 passed") == ["3 passed"]
