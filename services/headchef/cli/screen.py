"""Where a command writes: data to standard output, talk and progress to standard error."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text


class Meter(Protocol):
    """One progress bar."""

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how far the work is; without a total it only turns."""
        ...


class Screen:
    """One command's output.

    Args:
        as_json: data as one JSON value a line, and no progress bars.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self.err = Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())

    def say(self, text: str, style: str = "") -> None:
        """Tell the user something that is not data."""
        self.err.print(Text(printable(text), style=style))

    def data(self, value: object) -> None:
        """Write one JSON value on a line of its own, at once."""
        sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
        sys.stdout.flush()

    def write(self, renderable: object) -> None:
        """Show something of rich's to a person, on standard output."""
        self.out.print(renderable)

    @contextmanager
    def progress(self, task: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Meter]:
        """Show a bar on a terminal while the block runs, unless it is to be quiet; elsewhere nothing."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
        )
        disable = quiet or self.as_json or not self.err.is_terminal
        with Progress(*columns, console=self.err, disable=disable, transient=True) as bar:
            yield _Bar(bar, task, total)


class _Bar:
    def __init__(self, progress: Progress, task: str, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(printable(task), total=total, note="")

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        values: dict[str, Any] = {"completed": done, "note": printable(note)}
        if total is not None:
            values["total"] = total
        self._progress.update(self._task, **values)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Lay out rows for a person; cells are shown as they are, without markup and without control characters."""
    laid = Table(title=Text(title), title_justify="left", header_style="bold", pad_edge=False, box=None)
    for column in columns:
        laid.add_column(column, overflow="fold")
    for row in rows:
        laid.add_row(*(Text(printable(cell)) for cell in row))
    return laid


def printable(text: str) -> str:
    """Replace control characters, which could move a terminal's cursor, by a visible mark."""
    return "".join(
        "�" if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 else c for c in text.replace("\r\n", "\n")
    )
