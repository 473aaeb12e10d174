"""How far a task has come in one input partition when records are handed over and finish in any order.

Offsets have gaps (compaction, transaction markers), so the place to commit is the next offset *that came*.
"""

from collections import deque
from collections.abc import Iterable


class Watermark:
    """The place to commit: the lowest offset not finished, and the finished ones above it.

    Args:
        start: the offset committed before, from which reading goes on.
        finished: what had finished above `start` before; bit k stands for offset `start + 1 + k`.
    """

    def __init__(self, start: int, finished: int = 0) -> None:
        self._next = start
        self._received = start
        self._open: deque[int] = deque()
        self._lost: dict[int, int] = {}
        # Bit k stands for offset `_next + k`, here and below. Numbers of 25,000 bits are shifted in less than 1 us.
        self._done = finished << 1

    @property
    def next_commit(self) -> int:
        """The lowest offset that is not finished: all below it are."""
        return self._next

    @property
    def received(self) -> int:
        """The offset after the last one that came: where to read on."""
        return self._received

    @property
    def span(self) -> int:
        """Count the offsets between the place to commit and the last one that came."""
        return max(0, self._received - self._next)

    def receive(self, offset: int) -> bool:
        """Note that a record has come; offsets come in ascending order, and are handed over in any.

        Returns:
            False if it had finished before, and must not be handed over again.

        Raises:
            ValueError: it has come before.
        """
        if offset < self._received:
            raise ValueError(f"offset {offset} came before {self._received}")
        self._received = offset + 1
        if offset < self._next:
            return False
        self._open.append(offset)
        if self.has_finished(offset):
            self._advance()
            return False
        if self._open[0] == offset:
            self._move(offset)
        return True

    def has_finished(self, offset: int) -> bool:
        """Say whether a record that has come need not be handed over any more."""
        return offset < self._next or bool(self._done >> offset - self._next & 1)

    def finish(self, offset: int) -> None:
        """Note that the outcome of a record that came is written."""
        if offset >= self._next:
            self._done |= 1 << offset - self._next
            self._advance()

    def lose(self, first: int, last: int) -> None:
        """Note that offsets which have not come, or were not handed over, are in the log no more.

        Args:
            first: lowest of them; the place does not pass it before all are finished, so that whoever goes on from
                there finds all of them lost.
            last: highest of them; it comes with this, and stands for all, unfinished even if it had finished.
        """
        self._open = deque(sorted({offset for offset in self._open if not first <= offset < last} | {last}))
        self._lost[last] = first
        self._received = max(self._received, last + 1)
        if last >= self._next:
            self._done &= ~(1 << last - self._next)
        self._advance()

    def after(self, offsets: Iterable[int]) -> tuple[int, int]:
        """Say where the place would be if these had finished too, and move nothing.

        Returns:
            The place to commit, and the finished offsets above it, as the constructor takes them.
        """
        done = self._done
        for offset in offsets:
            if offset >= self._next:
                done |= 1 << offset - self._next
        place = self._lowest(done)
        return place, done >> place - self._next + 1

    def _lowest(self, done: int) -> int:
        """Find the lowest offset that is not finished."""
        for offset in self._open:
            if not done >> offset - self._next & 1:
                return max(self._next, self._lost.get(offset, offset))
        place = max(self._next, self._received)
        # Finished before the last recovery and not come since: not to be handed over after the next one either.
        beyond = done >> place - self._next
        return place + (~beyond & beyond + 1).bit_length() - 1

    def _advance(self) -> None:
        self._move(self._lowest(self._done))
        while self._open and self._open[0] < self._next:
            self._lost.pop(self._open.popleft(), None)

    def _move(self, place: int) -> None:
        self._done >>= place - self._next
        self._next = place
