"""Replaces what stands between two marks of a document: how a command renews its own table."""

from pathlib import Path


def replace_between(path: Path, marks: tuple[str, str], text: str) -> None:
    """Replace what stands between two marks of a document.

    Raises:
        ValueError: the document has no such marks.
    """
    before, begin, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"{path} needs the marks {marks[0]} and {marks[1]}")
    path.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
