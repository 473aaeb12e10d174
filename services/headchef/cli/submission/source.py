"""The input of a submission, which is read twice: once to check every line, once to send."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from headchef.cli.faults import WrongUsage
from headchef.cli.submission.rows import RowFormat

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or text that came by standard input.

    Attributes:
        name: as the user named it, for messages.
        row_format: how its lines are to be read.
        path: where it is, or None if `text` holds it.
        text: what came by standard input.
    """

    name: str
    row_format: RowFormat
    path: Path | None = None
    text: str = ""

    @property
    def stem(self) -> str:
        """Give the name without folder and ending, for derived ids."""
        return self.path.stem if self.path else "stdin"

    @contextmanager
    def lines(self) -> Iterator[Iterator[str]]:
        """Open the input from its start.

        Raises:
            WrongUsage: the file is missing, not readable or not UTF-8.
        """
        with _opened(self) as stream:
            try:
                yield _without_bom(stream)
            except UnicodeDecodeError as error:
                raise not_utf8(self.name, error) from error


def not_utf8(name: str, error: UnicodeDecodeError) -> WrongUsage:
    """Say which byte of an input is no text, and what would be right."""
    byte = error.object[error.start]
    return WrongUsage(f"{name}: not UTF-8: byte 0x{byte:02x} is not text", "save the file as UTF-8")


def _opened(source: Source) -> IO[str]:
    if source.path is None:
        return io.StringIO(source.text)
    try:
        return source.path.open(encoding="utf-8", newline="")
    except FileNotFoundError as error:
        raise WrongUsage(f"{source.name}: no such file") from error
    except OSError as error:
        raise WrongUsage(f"{source.name}: cannot be read: {error.strerror}") from error


def _without_bom(stream: IO[str]) -> Iterator[str]:
    first = True
    for line in stream:
        yield line.removeprefix(BOM) if first else line
        first = False
