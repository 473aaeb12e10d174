"""Gives of an HTML page what a reader sees, a line for each block of it."""

import re
from collections.abc import Mapping

from lxml import etree

_UNSEEN = re.compile(
    "head|title|script|style|template|noscript|iframe|object|embed|canvas|audio|video|svg|select|datalist|dialog|nav"
)
"""What shows no text, what stands in for what does, and menus, which are no content."""

_BLOCK = re.compile(
    "address|article|aside|blockquote|body|br|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer"
    "|form|h[1-6]|header|hr|legend|li|main|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_CELLS = frozenset(("td", "th"))
_BETWEEN_CELLS = " | "
_EMPTY = " |\t\n\r\f\xa0"
_HIDING = re.compile(r"(^|;)\s*(display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
"""Text that nobody sees is where instructions to models are hidden."""


class _Seen:
    """Is told of tags and texts by the parser, which builds no tree: what it costs grows with the page alone."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._unseen_depth = 0
        self._pre_depth = 0
        self._in_row = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._unseen_depth or _UNSEEN.fullmatch(tag) or _is_hidden(attributes):
            self._unseen_depth += 1
        elif _BLOCK.fullmatch(tag):
            self._end_line()
        elif tag in _CELLS:
            self._line += [_BETWEEN_CELLS] * self._in_row
            self._in_row = True
        self._pre_depth += tag == "pre"

    def end(self, tag: str) -> None:
        if not self._unseen_depth and _BLOCK.fullmatch(tag):
            self._end_line()
        self._unseen_depth -= self._unseen_depth > 0
        self._pre_depth -= tag == "pre"

    def data(self, text: str) -> None:
        if self._unseen_depth:
            return
        if not self._pre_depth:
            self._line.append(text)
            return
        *lines, last = text.split("\n")
        for line in lines:
            self._line.append(line)
            self._end_line()
        self._line.append(last)

    def close(self) -> str:
        self._end_line()
        return "\n".join(self._lines)

    def _end_line(self) -> None:
        line = "".join(self._line)
        self._line.clear()
        self._in_row = False
        if line.strip(_EMPTY):
            self._lines.append(line.rstrip() if self._pre_depth else " ".join(line.split()))


def seen_of(page: str) -> str:
    """Give what a reader sees of a page: no scripts, no styles, no menus, nothing that is hidden.

    Args:
        page: HTML, however broken; there is no HTML that cannot be read.
    """
    parser = etree.HTMLParser(target=_Seen(), encoding="utf-8")
    parser.feed(page.encode("utf-8", "replace"))
    text: str = parser.close()
    return text


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or _HIDING.search(attributes.get("style", "")) is not None
