"""Writes the parts of the pages that follow from the code: settings, commands, topics, metrics, checks, workflows.

`python -m tests.docs.reference` writes them again; with `--check` it only says whether they are as the code is.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from headchef_contracts import topics

from headchef.equality.fields import At
from headchef.runtime.telemetry.measures import COUNTERS, GAUGES, HISTOGRAMS
from tests.docs import fields
from tests.docs.checks import checks as installed_checks
from tests.docs.commands import COMMANDS, help_of
from tests.docs.judges import judges as installed_judges
from tests.docs.settings import GROUPS, rows_of

DOCS = Path(__file__).parents[2] / "docs"

_MS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))
_KIB = 1_024


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table; cells may hold anything but line ends."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def settings() -> str:
    """Describe all settings, group by group."""
    parts = []
    for title, model in GROUPS:
        rows = [(f"`{row.variable}`", row.default, row.accepted, row.description) for row in rows_of(model)]
        parts.append(f"### {title}\n\n{table(('variable', 'default', 'accepted', 'meaning'), rows)}")
    return "\n\n".join(parts)


def commands() -> str:
    """Show the help of each command."""
    return "\n\n".join(f"### headchef {' '.join(name)}\n\n```text\n{help_of(name)}\n```" for name in COMMANDS)


def topic_table() -> str:
    """List the topics of a deployment with one lane and one entry; dead letters follow from their source."""
    rows = [
        (
            f"`{row.logical}`",
            _key(row),
            str(row.partitions),
            _kept(row),
            _size(row.max_message_bytes),
            _names(row.writers),
            _names(row.readers),
        )
        for row in topics.required(["default"], ["museum"])
        if not row.logical.endswith(".dlq")
    ]
    return table(("topic", "key", "partitions", "kept for", "largest record", "written by", "read by"), rows)


def metrics() -> str:
    """List all metrics."""
    kinds = (("counter", COUNTERS), ("histogram", HISTOGRAMS), ("gauge", GAUGES))
    rows = [
        (f"`{name}`", kind, f"`{measure.unit}`", measure.meaning)
        for kind, measures in kinds
        for name, measure in measures.items()
    ]
    return table(("name", "kind", "unit", "meaning [attributes]"), rows)


def fields_of_workflows() -> str:
    """Describe what can stand in a workflow file."""
    return _fields(fields.SECTIONS)


def fields_of_cases() -> str:
    """Describe what can stand in a file of cases."""
    return _fields(fields.SECTIONS_OF_CASES)


def _fields(sections: Sequence[tuple[str, type[BaseModel]]]) -> str:
    columns = ("field", "default", "meaning")
    return "\n\n".join(f"### {title}\n\n{table(columns, list(fields.rows_of(model)))}" for title, model in sections)


def checks() -> str:
    """Describe the checks that come with Headchef, and the arguments of each."""
    found = list(installed_checks())
    parts = [table(("check", "passes where"), [(f"`{name}`", passes) for name, passes, _ in found])]
    for name, _, check in found:
        parts.append(f"### `{name}`\n\n{table(('argument', 'default', 'meaning'), list(fields.rows_of(check)))}")
    return "\n\n".join(parts)


def judges() -> str:
    """Describe the judges of equality that come with Headchef, and the arguments of each."""
    found = list(installed_judges())
    parts = [table(("judge", "when answers are the same"), [(f"`{name}`", said) for name, said, _ in found])]
    for name, _, judge in found:
        if judge.model_fields:
            parts.append(f"### `{name}`\n\n{table(('argument', 'default', 'meaning'), list(fields.rows_of(judge)))}")
    parts.append(f"### `at`, in `fields`\n\n{table(('argument', 'default', 'meaning'), list(fields.rows_of(At)))}")
    return "\n\n".join(parts)


PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "reference.md": {
        "settings": settings,
        "commands": commands,
        "topics": topic_table,
        "metrics": metrics,
    },
    "cache.md": {"judges": judges},
    "checks.md": {"checks": checks},
    "workflows.md": {"workflow fields": fields_of_workflows, "case fields": fields_of_cases},
}


def renewed(page: str, text: str) -> str:
    """Give a page with each generated part made anew.

    Raises:
        ValueError: a part has no place in the page.
    """
    for name, make in PARTS[page].items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", text, flags=re.DOTALL)
        if found is None:
            raise ValueError(f"{page} has no place for `{name}`: {begin} … {end}")
        text = f"{text[: found.start()]}{begin}\n{make()}\n{end}{text[found.end() :]}"
    return text


def _key(row: topics.Topic) -> str:
    if row.logical.endswith(".changelog"):
        return "the store's"
    return f"`{row.key}`" if row.key else "none, spread evenly"


def _names(processors: Sequence[str]) -> str:
    return ", ".join(name.replace("<lane>", "default") for name in processors)


def _kept(row: topics.Topic) -> str:
    if row.cleanup_policy == "compact":
        return "newest of each key"
    return next(_counted(row.retention_ms, size, unit) for size, unit in _MS if row.retention_ms % size == 0)


def _counted(value: int, size: int, unit: str) -> str:
    return f"{value // size} {unit}"


def _size(count: int) -> str:
    return f"{count // _KIB**2} MiB" if count % _KIB**2 == 0 else f"{count // _KIB} KiB"


def _differences(before: str, after: str) -> Iterator[str]:
    old = set(before.splitlines())
    yield from (line for line in after.splitlines() if line not in old)


def main() -> None:
    """Write the pages, or with `--check` end with 1 if one is not as the code is."""
    for page in PARTS:
        path = DOCS / page
        before = path.read_text("utf-8")
        after = renewed(page, before)
        if sys.argv[1:] != ["--check"]:
            path.write_text(after, "utf-8")
        elif before != after:
            lines = "\n".join(f"  {line}" for line in _differences(before, after))
            sys.exit(f"docs/{page} is not as the code is; run `make generate` and commit it. New lines:\n{lines}")


if __name__ == "__main__":
    main()
