"""Shows one dead letter to a person."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from headchef.cli.letters.letter import Letter, excerpt, shown
from headchef.cli.screen import printable, table


def listing(letters: Sequence[Letter]) -> RenderableType:
    """Lay out many dead letters, a few lines each: place and reason, what was wrong, how the bytes begin."""
    shown_letters = []
    for letter in letters:
        line = Text(printable(letter.place), style="bold")
        line.append(f"  {printable(letter.reason)}", style="not bold yellow")
        line.append(f"  {printable(letter.died_at[:19])} UTC", style="not bold dim")
        what = Text(f"  {printable(letter.in_words())}")
        begins = Text(f"  {printable(excerpt(letter.value))}", style="dim", no_wrap=True, overflow="ellipsis")
        shown_letters.append(Group(line, what, begins))
    return Group(*shown_letters)


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
        Panel(_whole(shown(letter.value)), title=title, title_align="left", border_style="dim"),
    )


def _whole(text: str) -> Text:
    # Wrapped in a pipe too, where the console wraps nothing and a frame would cut the text off.
    return Text(printable(text), no_wrap=False, overflow="fold")
