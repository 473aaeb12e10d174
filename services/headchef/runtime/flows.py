"""What a task holds of one class of work: a queue for each flow, which take turns, and of what lies behind only where.

A flow is what has a claim to turns of its own: a tenant. A log has one order, and 50,000 records of one tenant may be
in it before the first of another. So all are read ahead; of each flow some are kept at hand, and the rest is noted as
ranges of offsets, of which one stands for any number of records in a row, and read again when their time has come.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from headchef.runtime.log.port import Partition, Record

_LEAST_AT_HAND = 4
"""Of each flow, however many there are, where the buffer is as large: less, and one seek would bring very little."""

Naming = Callable[[Record], str]


@dataclass(slots=True)
class _Range:
    """Records of one flow in a row: all that lie between two offsets of a partition are its own."""

    first: int
    last: int


@dataclass(slots=True)
class _Flow:
    at_hand: deque[Record] = field(default_factory=deque)
    noted: dict[Partition, deque[_Range]] = field(default_factory=dict)


class Flows:
    """The flows of one class of a task, in turns: one record each. Within a flow and a partition the order is kept.

    Args:
        naming: says which flow a record belongs to.
        at_hand: records that may be at hand before further ones are only noted, at least 1. Each flow may have an equal
            share of it, or four if that is more; one that came when there were fewer flows has more for a while.
    """

    def __init__(self, naming: Naming, at_hand: int) -> None:
        self._naming = naming
        self._at_hand = at_hand
        self._flows: dict[str, _Flow] = {}
        # Those with something at hand; the first is next. A dict would be searched past all that it has lost in front.
        self._turns: OrderedDict[str, _Flow] = OrderedDict()
        self._held = 0
        self._last: dict[Partition, tuple[str, _Range | None]] = {}

    def __len__(self) -> int:
        """Count the records at hand."""
        return self._held

    @property
    def ranges(self) -> int:
        """Count the ranges of records that are only noted."""
        return sum(len(ranges) for flow in self._flows.values() for ranges in flow.noted.values())

    def hold(self, record: Record) -> None:
        """Take a record in that cannot be read again, or need not, behind what is at hand of its flow."""
        name = self._naming(record)
        self._hold(name, self._flows.setdefault(name, _Flow()), record)

    def add(self, record: Record) -> None:
        """Take a record in that was read ahead, behind all of its flow; each partition's come in ascending order."""
        partition = Partition(record.topic, record.partition)
        name = self._naming(record)
        flow = self._flows.setdefault(name, _Flow())
        if partition not in flow.noted and self._has_room(flow):
            self._hold(name, flow, record)
            self._last[partition] = (name, None)
            return
        former, reaching = self._last.get(partition, (None, None))
        if former == name and reaching is not None:
            reaching.last = record.offset
            return
        reaching = _Range(record.offset, record.offset)
        flow.noted.setdefault(partition, deque()).append(reaching)
        self._last[partition] = (name, reaching)

    def head(self, fit: Callable[[Record], bool]) -> Record | None:
        """Give the next record that is fit, of the flow whose turn it is or of the first after it; and leave it."""
        for flow in self._turns.values():
            if fit(flow.at_hand[0]):
                return flow.at_hand[0]
        return None

    def pop(self, fit: Callable[[Record], bool]) -> Record:
        """Take what `head` gives; the flow's next turn is after those of all others.

        Raises:
            IndexError: there is none.
        """
        name = next((name for name, flow in self._turns.items() if fit(flow.at_hand[0])), None)
        if name is None:
            raise IndexError("no record at hand is fit")
        flow = self._turns.pop(name)
        record = flow.at_hand.popleft()
        self._held -= 1
        if flow.at_hand:
            self._turns[name] = flow
        elif not flow.noted:
            del self._flows[name]
        return record

    def notes_any(self) -> bool:
        """Say whether anything is noted that is not at hand."""
        return any(flow.noted for flow in self._flows.values())

    def wanted(self) -> dict[Partition, int]:
        """Say where to read again for flows of which less than half of their share is at hand: the lowest offset."""
        wanted: dict[Partition, int] = {}
        for flow in self._flows.values():
            if flow.noted and len(flow.at_hand) <= self._share() // 2:
                for partition, ranges in flow.noted.items():
                    wanted[partition] = min(ranges[0].first, wanted.get(partition, ranges[0].first))
        return wanted

    def refill(self, partition: Partition, start: int, end: int, records: Iterable[Record]) -> None:
        """Take in what was read again, as far as it is the next of a flow that has room; the rest is passed over.

        Args:
            partition: what was read.
            start: the offset from which on it was read.
            end: the offset after the last one that was.
            records: those of them that have not finished, in ascending order.
        """
        full: set[str] = set()
        for record in records:
            name = self._naming(record)
            flow = self._flows.get(name)
            ranges = None if flow is None else flow.noted.get(partition)
            if flow is None or ranges is None or name in full or not start <= ranges[0].first <= record.offset:
                continue
            if not self._has_room(flow):
                full.add(name)
                continue
            self._hold(name, flow, record)
            self._taken_up_to(record.offset, partition, flow, ranges)
        for name, flow in self._flows.items():
            # What is left of these below the end had finished, and would be read for ever.
            while name not in full and partition in flow.noted and start <= flow.noted[partition][0].first < end:
                ranges = flow.noted[partition]
                self._taken_up_to(min(ranges[0].last, end - 1), partition, flow, ranges)
        self._forget_empty()

    def lose(self, partition: Partition, earliest: int) -> list[tuple[int, int]]:
        """Forget what was noted below the earliest offset that is left.

        Returns:
            Ranges of offsets, first and last, in ascending order.
        """
        lost: list[tuple[int, int]] = []
        for flow in self._flows.values():
            ranges = flow.noted.get(partition, ())
            while ranges and ranges[0].first < earliest:
                lost.append((ranges[0].first, min(ranges[0].last, earliest - 1)))
                self._taken_up_to(lost[-1][1], partition, flow, ranges)
        self._forget_empty()
        return sorted(lost)

    def clear(self) -> None:
        """Forget all."""
        self._flows.clear()
        self._turns.clear()
        self._last.clear()
        self._held = 0

    def _share(self) -> int:
        return max(min(_LEAST_AT_HAND, self._at_hand), self._at_hand // len(self._flows))

    def _forget_empty(self) -> None:
        self._flows = {name: flow for name, flow in self._flows.items() if flow.at_hand or flow.noted}

    def _has_room(self, flow: _Flow) -> bool:
        return len(flow.at_hand) < self._share()

    def _hold(self, name: str, flow: _Flow, record: Record) -> None:
        flow.at_hand.append(record)
        self._turns.setdefault(name, flow)
        self._held += 1

    def _taken_up_to(self, offset: int, partition: Partition, flow: _Flow, ranges: deque[_Range]) -> None:
        """Take offsets off the first range of a flow; a range that has none left may not grow any more either."""
        ranges[0].first = offset + 1
        if ranges[0].first <= ranges[0].last:
            return
        gone = ranges.popleft()
        name, reaching = self._last[partition]
        if reaching is gone:
            self._last[partition] = (name, None)
        if not ranges:
            del flow.noted[partition]
