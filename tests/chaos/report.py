"""Writes the figures of campaigns as a table: for the terminal, and into the page beside this file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.chaos.verdict import Figures
from tests.support.marked_page import replace_between

_MARKS = ("<!-- figures: begin -->", "<!-- figures: end -->")

_ROWS: Mapping[str, Callable[[Figures], str]] = {
    "rounds": lambda it: str(sum(it.rounds.values())),
    "SIGKILL of a process": lambda it: str(it.rounds["kill"]),
    "SIGSTOP of a process": lambda it: str(it.rounds["freeze"]),
    "SIGKILL of a broker": lambda it: str(it.rounds["broker"]),
    "SIGSTOP of a broker": lambda it: str(it.rounds["stall"]),
    "jobs": lambda it: f"{it.jobs:,}",
    "**lost**": lambda it: f"**{it.lost}**",
    "**duplicated, for a read_committed reader**": lambda it: f"**{it.duplicated}**",
    "of these with another `ce_id`": lambda it: str(it.other_ids),
    "refused, or dead letters": lambda it: str(it.misplaced),
    "undone copies, for a read_uncommitted reader": lambda it: str(it.copies),
    "of these without explanation": lambda it: str(it.unexplained + it.unmatched_results),
    "calls": lambda it: f"{it.calls:,}",
    "calls paid twice": lambda it: str(it.paid_twice),
    "longest silence of a group (s)": lambda it: f"{it.group_silence_s:.1f}",
    "longest silence of one task (s)": lambda it: f"{it.task_silence_s:.1f}",
    "longest silence of a group, a broker away (s)": lambda it: f"{it.broker_silence_s:.1f}",
    "longest from a fault's end until all was answered (s)": lambda it: f"{it.answered_s:.1f}",
    "brokers that did not serve after their restart, until another": lambda it: str(it.restarts),
    "services that ended by themselves": lambda it: str(len(it.ended)),
}


def table(figures: Mapping[str, Figures]) -> str:
    """Write a column for each campaign, by its name."""
    lines = ["| | " + " | ".join(figures) + " |", "|---|" + "---|" * len(figures)]
    for title, cell in _ROWS.items():
        lines.append(f"| {title} | " + " | ".join(cell(each) for each in figures.values()) + " |")
    return "\n".join(lines)


def write(page: Path, figures: Mapping[str, Figures], made: str) -> None:
    """Replace the table in a page, between its two marks.

    Args:
        page: Markdown with the marks.
        figures: by the campaign's name.
        made: when, where and how, a sentence.

    Raises:
        ValueError: the page has no marks.
    """
    replace_between(page, _MARKS, f"{made}\n\n{table(figures)}\n")
