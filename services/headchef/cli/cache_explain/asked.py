"""Picks the questions of a job out of its history, each with what the cache did and what came of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from headchef_contracts.events.bounds import CacheObserved
from headchef_contracts.events.cache_use import CacheUse
from headchef_contracts.events.common import Finding
from headchef_contracts.events.judgements import JudgementAsked
from headchef_contracts.events.semantic import Nearest
from headchef_contracts.events.steps import Step, StepCompleted, StepDispatched, StepJudged, StepPlanned

from headchef.cli.history.hop import Hop
from headchef.pooled import asker_of


@dataclass(slots=True)
class Asked:
    """One question: one plan of a step of a job, or of an item of it.

    Attributes:
        step: what was asked.
        use: what the cache did; None while that is not known.
        at: when it decided.
        seed: what it drew from.
        refused: why the reused answer was none here; None where it was not refused.
        observed: what the pool was told of it.
    """

    step: Step
    use: CacheUse | None = None
    at: datetime | None = None
    seed: int = 0
    refused: tuple[Finding, ...] | None = None
    observed: list[CacheObserved | JudgementAsked] = field(default_factory=list)

    @property
    def nearest(self) -> Nearest | None:
        """The earlier question that was nearest in meaning."""
        return None if self.use is None else self.use.nearest

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Those whose answers have a part in it: its own, and that of the nearest question."""
        nearest = () if self.nearest is None else (self.nearest.fingerprint,)
        return (self.step.fingerprint, *nearest)


def questions_of(hops: Iterable[Hop]) -> Sequence[Asked]:
    """Give the questions, in the order in which they came up.

    Args:
        hops: the job's events, causes first.
    """
    found: dict[str, Asked] = {}
    for hop in hops:
        match hop.event:
            case StepPlanned(step=step):
                _of(found, step)
            case StepDispatched(step=step, cache=use, decided=decided):
                asked = _of(found, step)
                if asked.at is None:
                    asked.use, asked.at, asked.seed = use, decided.at, decided.seed
            case StepCompleted(step=step, cache=use, decided=decided):
                asked = _of(found, step)
                if asked.at is None:
                    # The cache itself has completed it, or what it did is known by its end only.
                    asked.use, asked.at, asked.seed = use, decided.at, decided.seed
            case StepJudged(step=step, verdict="hit_refused", findings=findings):
                _of(found, step).refused = findings
            case (CacheObserved(asker=asker) | JudgementAsked(asker=asker)) as observed if asker.name in found:
                found[asker.name].observed.append(observed)
            case _:
                pass
    return list(found.values())


def _of(found: dict[str, Asked], step: Step) -> Asked:
    return found.setdefault(asker_of(step).name, Asked(step))
