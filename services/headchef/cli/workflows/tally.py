"""Counts what the steps of a run came to, for the summary."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from rich.table import Table

from headchef_contracts.events.jobs import JobFinished

from headchef.cli.amounts import dollars
from headchef.cli.screen import table
from headchef.retrieval.wanted import Retrieved
from headchef.sources.wanted import Source
from headchef.workflow import Workflow
from headchef.workflow.progress import Came, Outcome, Progress, Unit


@dataclass(slots=True)
class Count:
    """What came of one step.

    Attributes:
        came: units that have an output.
        lost: units that have none.
        repaired: questions of which an answer was rejected before.
        reused: questions that an earlier answer served.
        unpriced: questions of unknown cost.
        cost_usd: of the others.
        models: that answered.
        sources: documents that were read, by their units.
        found: what was found in collections, by the units.
    """

    came: int = 0
    lost: int = 0
    repaired: int = 0
    reused: int = 0
    unpriced: int = 0
    cost_usd: Decimal = Decimal(0)
    models: dict[str, None] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    found: dict[str, Retrieved] = field(default_factory=dict)


class Tally:
    """Counts for one run.

    Args:
        workflow: that is run.
    """

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._counts = {step: Count() for step in workflow.steps}

    @property
    def cost_usd(self) -> Decimal:
        """What is known to have been paid."""
        return sum((count.cost_usd for count in self._counts.values()), Decimal(0))

    @property
    def unpriced(self) -> int:
        """Questions of unknown cost."""
        return sum(count.unpriced for count in self._counts.values())

    def add(self, unit: Unit, outcome: Outcome, origin: JobFinished | Source | Retrieved | None) -> None:
        """Count what came of a unit, and keep where that comes from."""
        count = self._counts[unit.step]
        if isinstance(outcome, Came):
            count.came += 1
        else:
            count.lost += 1
        match origin:
            case Source():
                count.sources[str(unit)] = origin
            case Retrieved():
                count.found[str(unit)] = origin
            case JobFinished():
                _add_result(count, origin)

    def as_json(self) -> list[dict[str, Any]]:
        """Give a row a step, for machines."""
        return [
            {
                "step": step,
                "kind": self._workflow.steps[step].kind,
                "came": count.came,
                "lost": count.lost,
                "repaired": count.repaired,
                "reused": count.reused,
                "cost_usd": format(count.cost_usd, "f"),
                "unpriced": count.unpriced,
                "models": list(count.models),
                "sources": [{"unit": unit, **asdict(source)} for unit, source in count.sources.items()],
                "retrieved": [
                    {
                        "unit": unit,
                        "collection": found.collection,
                        "documents": [{"id": each.id, "sha256": each.sha256} for each in found.documents],
                    }
                    for unit, found in count.found.items()
                ],
            }
            for step, count in self._counts.items()
        ]

    def shown(self, progress: Progress) -> Table:
        """Give a row a step, for people."""
        columns = ("step", "kind", "outputs", "lost", "repaired", "reused", "cost", "model or source")
        rows = [
            (
                step,
                self._workflow.steps[step].kind,
                self._outputs(step, count, progress),
                str(count.lost or ""),
                str(count.repaired or ""),
                str(count.reused or ""),
                dollars(count.cost_usd) if count.models else "",
                ", ".join(count.models) or _read_by(count),
            )
            for step, count in self._counts.items()
        ]
        return table(self._workflow.name, columns, rows)

    def _outputs(self, step: str, count: Count, progress: Progress) -> str:
        if count.came or count.lost:
            return str(count.came)
        if step not in progress.outputs:
            return "not begun"
        return "left out" if progress.outputs[step] is None else "given"


def _add_result(count: Count, result: JobFinished) -> None:
    count.repaired += any(each.failure.reason == "rejected" for each in result.provenance.tried)
    count.reused += result.cache.reused
    if result.cost_usd is None:
        count.unpriced += 1
    else:
        count.cost_usd += result.cost_usd
    if result.provenance.model:
        count.models[result.provenance.model] = None


def _read_by(count: Count) -> str:
    """Name what a step has read: one address, or how many, and how much it was."""
    if count.found:
        collections = ", ".join(sorted({found.collection for found in count.found.values()}))
        return f"{collections}, {sum(len(found.documents) for found in count.found.values()):,} texts"
    if not count.sources:
        return ""
    addresses = {source.address for source in count.sources.values()}
    named = next(iter(addresses)) if len(addresses) == 1 else f"{len(addresses)} addresses"
    return f"{named}, {sum(source.size_bytes for source in count.sources.values()):,} bytes"
