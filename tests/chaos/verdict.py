"""What a run shows: its figures, and which promises it broke."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.chaos.evidence import Evidence
from tests.chaos.rounds import BROKERS, KINDS, Round
from tests.chaos.silence import Silence, silences

_AFTERMATH_MS = 10_000
"""For so long after its return a broker's absence explains a silence: producers and members find it again."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of the table.

    Attributes:
        rounds: of each kind of fault.
        jobs: accepted ones.
        lost: without a result.
        duplicated: with more than one, as a read_committed reader sees them.
        other_ids: of these, those whose results have different event ids, so that no reader can drop the second.
        misplaced: dead letters and refusals, of jobs that were all good.
        copies: what only a read_uncommitted reader sees.
        unexplained: of these, those that are neither a copy of a committed record nor of an attempt that was redone.
        unmatched_results: of the copies in `jobs.finished`, those whose id no committed result has.
        calls: on the provider's bill.
        paid_twice: calls beyond one for each try of a step.
        unbilled: recorded calls that are not on it.
        group_silence_s: longest, of a whole group with something to do, no broker being away.
        task_silence_s: likewise, of one task.
        quietest: that task, and when it fell silent, UTC.
        broker_silence_s: longest of a whole group, a broker having been away.
        answered_s: seconds from a fault's end until all was answered: the longest.
        restarts: of brokers that did not serve after their restart.
        ended: services that ended by themselves, and their last words.
    """

    rounds: Mapping[str, int]
    jobs: int
    lost: int
    duplicated: int
    other_ids: int
    misplaced: int
    copies: int
    unexplained: int
    unmatched_results: int
    calls: int
    paid_twice: int
    unbilled: int
    group_silence_s: float
    task_silence_s: float
    quietest: str
    broker_silence_s: float
    answered_s: float
    restarts: int
    ended: tuple[str, ...]

    def broken(self, guarantee: str) -> list[str]:
        """Name the promises that were broken.

        Args:
            guarantee: `exactly_once` or `at_least_once`.
        """
        twice = self.duplicated if guarantee == "exactly_once" else self.other_ids
        promises = {
            f"{self.lost} jobs have no result": self.lost,
            f"{twice} jobs have two results that a reader cannot tell from two jobs": twice,
            f"{self.misplaced} good jobs were refused or are dead letters": self.misplaced,
            f"{self.unexplained} records outside committed transactions are no copies": self.unexplained,
            f"{self.unmatched_results} undone results have an id of their own": self.unmatched_results,
            f"{self.unbilled} recorded calls are not on the bill": self.unbilled,
        }
        return [words for words, is_broken in promises.items() if is_broken]


def judge(evidence: Evidence, rounds: Sequence[Round], ended: Sequence[str]) -> Figures:
    """Make the figures of a run.

    Args:
        evidence: what it has left.
        rounds: what struck.
        ended: services that ended by themselves, and their last words.
    """
    results = evidence.results
    absences = [each for each in rounds if each.kind in BROKERS]
    groups = [each for hops in evidence.hops.values() for each in silences(hops)]
    tasks = [
        (each, f"{processor}-{task}")
        for processor, hops in evidence.hops.items()
        for task in {hop.task for hop in hops}
        for each in silences(hop for hop in hops if hop.task == task)
        if not _explained(each, absences)
    ]
    quietest, whose = max(tasks, key=lambda each: each[0].seconds, default=(Silence(0, 0), "nobody"))
    kinds = [each.kind for each in rounds]
    copies = evidence.copies
    return Figures(
        rounds={kind: kinds.count(kind) for kind in KINDS},
        jobs=len(evidence.accepted),
        lost=sum(1 for job in evidence.accepted if not results.get(job)),
        duplicated=sum(1 for ids in results.values() if len(ids) > 1),
        other_ids=sum(1 for ids in results.values() if len(set(ids)) > 1),
        misplaced=evidence.misplaced,
        copies=len(copies),
        unexplained=sum(1 for copy in copies if not (copy.has_twin or copy.was_redone)),
        unmatched_results=sum(1 for copy in copies if copy.topic == "jobs.finished" and not copy.has_twin),
        calls=evidence.calls,
        paid_twice=evidence.calls - evidence.tries,
        unbilled=max(0, evidence.recorded - evidence.calls),
        group_silence_s=_longest(each for each in groups if not _explained(each, absences)),
        task_silence_s=quietest.seconds,
        quietest=f"{whose}, from {datetime.fromtimestamp(quietest.from_ms / 1000, UTC):%H:%M:%S}",
        broker_silence_s=_longest(each for each in groups if _explained(each, absences)),
        answered_s=max((each.answered_s for each in rounds), default=0.0),
        restarts=sum(each.restarts for each in rounds),
        ended=tuple(ended),
    )


def _explained(silence: Silence, absences: Iterable[Round]) -> bool:
    return any(silence.from_ms <= each.ended_ms + _AFTERMATH_MS and silence.to_ms >= each.began_ms for each in absences)


def _longest(found: Iterable[Silence]) -> float:
    return max((each.seconds for each in found), default=0.0)
