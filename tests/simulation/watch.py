"""What must hold at every commit, while a world runs: a table of checks, each of which sees one place change.

To add one: write a function from the move to the violations it finds, in words, and put it into `AT_EVERY_COMMIT`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from headchef.runtime import finished as finished_map
from headchef.runtime.log.port import Commit, Partition
from tests.simulation.kinds import Kind


@dataclass(frozen=True, slots=True)
class Move:
    """One place that is about to be committed.

    Attributes:
        kind: of the world.
        group: whose.
        partition: where.
        before: the place until now; None for the first one, or after it has expired.
        after: the new place.
        start: of the partition: what lies before it has expired.
        end: of the partition.
        unled: offsets that were consumed now and have led to nothing that lies on the log.
    """

    kind: Kind
    group: str
    partition: Partition
    before: Commit | None
    after: Commit
    start: int
    end: int
    unled: tuple[int, ...]

    @property
    def exactly_once(self) -> bool:
        """Whether the commit is part of a transaction."""
        return self.kind.guarantee == "exactly_once"


def _within_the_log(move: Move) -> Iterator[str]:
    if move.after.offset > move.end:
        yield f"offset {move.after.offset} is committed, and the partition ends at {move.end}"


def _never_back(move: Move) -> Iterator[str]:
    """A second owner that commits for a task knows less than the first, and is seen here too.

    The last of some expired offsets stands for all of them, unfinished even if it had finished (`Watermark.lose`).
    """
    if move.before is None:
        return
    # At least once the map is an aid, which a log may not even keep.
    noted = _finished(move.before) if move.exactly_once else []
    undone = [offset for offset in unfinished(noted, move.after) if offset >= move.start]
    if move.after.offset < move.before.offset or undone:
        yield f"the place goes back from {move.before.offset} to {move.after.offset}, and {undone} are not finished"


def _nothing_before_its_outputs(move: Move) -> Iterator[str]:
    yield from (f"offset {offset} is consumed, and what it leads to is not on the log" for offset in move.unled)


Check = Callable[[Move], Iterable[str]]

AT_EVERY_COMMIT: Mapping[str, Check] = {
    "no place is beyond the end of its partition": _within_the_log,
    "no place goes back": _never_back,
    "no record is consumed before its outputs are written": _nothing_before_its_outputs,
}


def violations(move: Move) -> list[str]:
    """Check one place, and give what does not hold, in words."""
    topic, number = move.partition
    return [
        f"{name}: {move.group} {topic}[{number}]: {found}"
        for name, check in AT_EVERY_COMMIT.items()
        for found in check(move)
    ]


def newly_finished(before: Commit | None, after: Commit, start: int) -> list[int]:
    """Give the offsets that a commit consumes: below the new place or in its map, and not so before.

    Args:
        before: the place until now.
        after: the new one.
        start: of the partition, where a task without a place begins.
    """
    first = start if before is None else before.offset
    finished = [*range(first, after.offset), *_finished(after)]
    return finished if before is None else unfinished(finished, before)


def _finished(place: Commit) -> list[int]:
    bits = finished_map.decode(place.offset, place.metadata)
    return [place.offset + 1 + bit for bit in range(bits.bit_length()) if bits >> bit & 1]


def unfinished(offsets: Iterable[int], place: Commit) -> list[int]:
    """Give those of some offsets that a place does not count as finished."""
    known = frozenset(_finished(place))
    return [offset for offset in offsets if offset >= place.offset and offset not in known]
