"""The golden result of a case: what came of it when its author last said that it was good. Pure but for its file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headchef.document import Unreadable, differing, read_document, shown, written
from headchef.workflow.cases.rehearsal import question
from headchef.workflow.cases.verdict import Difference
from headchef.workflow.progress import Ask, Ending, Unit

_HEAD = "# Written by `headchef workflow test --update`: look at what changes here as you look at code.\n"


def golden_of(ending: Ending, asked: Mapping[Unit, Ask]) -> dict[str, Any]:
    """Give what is kept: what the job ended with, and what models were asked.

    Args:
        ending: of the job.
        asked: its questions.
    """
    failed = {} if ending.why is None else {"failed": {"step": str(ending.failed or ""), "reason": ending.why.reason}}
    return {
        "asked": {str(unit): question(ask) for unit, ask in asked.items()},
        "findings": [finding.model_dump() for finding in ending.findings],
        "output": ending.output,
        "status": ending.status,
        **failed,
    }


class Goldens:
    """The golden results of one file of cases, a file each in a folder beside it.

    Args:
        cases: the file of cases: `NAME.tests.yaml` has its golden results in `NAME.golden`.
    """

    def __init__(self, cases: Path) -> None:
        self.folder = cases.with_name(f"{cases.stem.removesuffix('.tests')}.golden")

    def path(self, case: str) -> Path:
        """Give the file of a case."""
        return self.folder / f"{case}.yaml"

    def difference(self, case: str, found: Mapping[str, Any]) -> Difference | None:
        """Say how a case has changed since its golden result was written.

        Args:
            case: its name.
            found: what came of it now.
        """
        path = self.path(case)
        if not path.exists():
            return Difference("has no golden result yet", written(found))
        try:
            kept = read_document(path.read_bytes()).data
        except Unreadable as unreadable:
            return Difference(f"the golden result cannot be read: {shown(path, unreadable.fault)}")
        if kept == found:
            return None
        return Difference("is not as its golden result", differing(kept, found, (str(path), "now")))

    def write(self, case: str, found: Mapping[str, Any]) -> bool:
        """Keep a golden result. Raises OSError.

        Returns:
            Whether it is another one than before.
        """
        path, whole = self.path(case), _HEAD + written(found)
        if path.exists() and path.read_text("utf-8") == whole:
            return False
        self.folder.mkdir(exist_ok=True)
        path.write_text(whole, "utf-8")
        return True

    def stray(self, cases: list[str]) -> list[Path]:
        """Name the golden results that belong to none of these cases."""
        return sorted(path for path in self.folder.glob("*.yaml") if path.stem not in cases)
