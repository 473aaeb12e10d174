"""Shows the output of a job as a page would: titles, lists, sections, text; whatever its schema was."""

from collections.abc import Iterable
from typing import Any

import orjson
from markupsafe import Markup, escape

from headchef.cli.report.markup import safe_markup

_TITLE_KEYS = frozenset({"title", "heading", "headline"})
_CODE_KEYS = frozenset({"jsonld", "json_ld"})
_MAX_DEPTH = 6


def show_content(output: Any) -> Markup:
    """Make HTML of an output: text of any kind is escaped, HTML fields keep a few harmless tags."""
    if isinstance(output, str):
        return _paragraphs(output)
    return _value(output, 0)


def as_json(value: Any) -> str:
    """Give a value as indented JSON."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def _value(value: Any, depth: int) -> Markup:
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        return _join(_field(str(key), item, depth) for key, item in value.items())
    if isinstance(value, list) and depth < _MAX_DEPTH:
        return _list(value, depth)
    if isinstance(value, str):
        return _paragraphs(value)
    return Markup("<p>{}</p>").format("–" if value is None else as_json(value))


def _field(key: str, value: Any, depth: int) -> Markup:
    if key in _TITLE_KEYS and isinstance(value, str):
        return Markup("<h3>{}</h3>").format(value) if depth == 0 else Markup("<h4>{}</h4>").format(value)
    if key in _CODE_KEYS:
        return _folded(key, Markup('<pre class="code">{}</pre>').format(as_json(value)))
    if key == "html" and isinstance(value, str):
        return Markup('<div class="html">{}</div>').format(safe_markup(value))
    if key == "claims" and isinstance(value, list):
        return _folded(f"Claims and what they rest on ({len(value)})", _value(value, depth + 1))
    if key in ("bullets", "sections", "body", "text"):
        return _value(value, depth + 1)
    return Markup('<div class="field"><span class="key">{}</span>{}</div>').format(
        key.replace("_", " "), _value(value, depth + 1)
    )


def _list(items: list[Any], depth: int) -> Markup:
    if all(isinstance(item, str | int | float) for item in items):
        return Markup("<ul>{}</ul>").format(_join(Markup("<li>{}</li>").format(item) for item in items))
    return _join(Markup("<section>{}</section>").format(_value(item, depth + 1)) for item in items)


def _folded(summary: str, content: Markup) -> Markup:
    return Markup('<details class="fold"><summary>{}</summary>{}</details>').format(summary, content)


def _paragraphs(text: str) -> Markup:
    parts = [part for part in text.split("\n\n") if part.strip()]
    return _join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in part.split("\n"))) for part in parts
    )


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)
