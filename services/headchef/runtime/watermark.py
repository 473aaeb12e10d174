"""How far a task has come in one input partition when records finish out of order.

Offsets have gaps (compaction, transaction markers), so the place to commit is the next *delivered* offset.
"""

from collections import deque
from collections.abc import Iterable


class Watermark:
    """The place to commit: the lowest offset not finished, and the finished ones above it.

    Args:
        start: the offset committed before, from which reading goes on.
        finished: offsets at or above `start` that were finished before, from the commit's metadata.
    """

    def __init__(self, start: int, finished: Iterable[int] = ()) -> None:
        self._next = start
        self._received = start
        self._in_flight: deque[int] = deque()
        self._done = set(finished)

    @property
    def next_commit(self) -> int:
        """The lowest offset that is not finished: all below it are."""
        return self._next

    @property
    def span(self) -> int:
        """Count the offsets between the place to commit and the last delivered one."""
        return max(0, self._received - self._next)

    @property
    def oldest_in_flight(self) -> int | None:
        """The lowest offset that was delivered and has not finished."""
        return self._in_flight[0] if self._in_flight else None

    def deliver(self, offset: int) -> bool:
        """Note that a record is handed to a handler; offsets come in ascending order.

        Returns:
            False if it had finished before, and must not be handled again.
        """
        if offset < self._received:
            raise ValueError(f"offset {offset} was delivered before {self._received}")
        self._received = offset + 1
        self._in_flight.append(offset)
        if offset in self._done:
            self._advance()
            return False
        if self._in_flight[0] == offset:
            self._next = offset
        return True

    def forget(self, offset: int) -> None:
        """Forget what had finished up to an offset, none of which will come again: it has expired."""
        self._done = {each for each in self._done if each > offset or each in self._in_flight}

    def finish(self, offset: int) -> None:
        """Note that the outcome of a delivered record is written, or about to be in the same transaction."""
        if offset >= self._next:
            self._done.add(offset)
        self._advance()

    def copy(self) -> "Watermark":
        """Give an independent watermark at the same place."""
        twin = Watermark(self._next, self._done)
        twin._received = self._received
        twin._in_flight = self._in_flight.copy()
        return twin

    def finished_above(self) -> list[int]:
        """Give the finished offsets above the place to commit, ascending: what commit metadata must carry."""
        if not self._done:
            return []
        return sorted(offset for offset in self._done if offset > self._next)

    def _advance(self) -> None:
        in_flight, done = self._in_flight, self._done
        while in_flight and in_flight[0] in done:
            done.discard(in_flight.popleft())
        if in_flight:
            self._next = in_flight[0]
            return
        self._next = max(self._next, self._received)
        # Finished before the last recovery and not delivered since: not to be handled again after the next one either.
        while self._next in done:
            self._next += 1
