"""Shows one dead letter to a person."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from headchef.cli.letters.letter import Letter, shown
from headchef.cli.screen import printable, table


def view(letter: Letter) -> RenderableType:
    """Lay out a dead letter: why it died, where it came from, its headers and its bytes."""
    facts = [
        ("reason", letter.reason),
        ("field", letter.field or "(the whole record)"),
        ("what was wrong", letter.message),
        ("died at", letter.died_at),
        ("came from", letter.source),
        ("key", "(none)" if letter.record.key is None else letter.record.key.decode("utf-8", "replace")),
    ]
    headers = [(name, (value or b"").decode("utf-8", "replace")) for name, value in letter.record.headers]
    title = Text(f"{len(letter.value):,} bytes", style="bold")
    return Group(
        Text(printable(letter.place), style="bold"),
        table("", ("", ""), facts),
        table("", ("header", "value"), headers),
        Panel(Text(printable(shown(letter.value))), title=title, title_align="left", border_style="dim"),
    )
