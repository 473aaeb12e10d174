"""Makes HTML that a model wrote safe to show: a few tags without attributes, and all else as text."""

from html.parser import HTMLParser

from markupsafe import Markup, escape

_ALLOWED = frozenset({"p", "ul", "ol", "li", "strong", "em", "b", "i", "h2", "h3", "h4", "br", "blockquote"})
_SILENT = frozenset({"script", "style", "iframe", "object", "template", "noscript", "svg", "math"})


def safe_markup(html: str) -> Markup:
    """Keep paragraphs, lists, headings and emphasis, without attributes; escape text, drop scripts with content.

    Args:
        html: anything, also broken or hostile.

    Returns:
        Balanced markup of the allowed tags alone.
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.finished()


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._silent.append(tag)
        elif not self._silent and tag in _ALLOWED:
            self._parts.append(f"<{tag}>")
            if tag != "br":
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "br" and not self._silent:
            self._parts.append("<br>")

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
        elif tag in self._open:
            while self._open:
                closed = self._open.pop()
                self._parts.append(f"</{closed}>")
                if closed == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(str(escape(data)))

    def finished(self) -> Markup:
        closing = "".join(f"</{tag}>" for tag in reversed(self._open))
        return Markup("".join(self._parts) + closing)  # noqa: S704 built from allowed tags and escaped text alone
