"""Random sequences of operations on both logs: the rules are what the seam to the log can do."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition, rule

from headchef.runtime.log.port import NewRecord, Partition
from tests.log.differential import drafts
from tests.log.differential.drafts import COMPACTED, GROUPS, JOBS, MAX_MESSAGE_BYTES, PARTITIONS, TRANSACTIONAL_IDS
from tests.log.differential.pair import Pair
from tests.log.differential.side import PROCESSES
from tests.support.kafka_backend import KafkaBackend

EXAMPLES = int(os.environ.get("HEADCHEF_DIFFERENTIAL_EXAMPLES", "20"))
"""How many sequences are tried in a run; hundreds take minutes."""

STEPS = 25

_MOST_PRODUCERS = 6
_MOST_PARTITIONS = 4

_processes = st.integers(0, PROCESSES - 1)
_groups = st.sampled_from((GROUPS[0], *GROUPS))
_sizes = st.sampled_from((100, 1, 3))
_ids = st.sampled_from((*TRANSACTIONAL_IDS, *TRANSACTIONAL_IDS, None))


class LogMachine(RuleBasedStateMachine):
    """Both logs, and the names of one sequence, which no other uses."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    backend: ClassVar[KafkaBackend]

    producers: Bundle[int] = Bundle("producers")

    def __init__(self) -> None:
        super().__init__()
        own = self.backend.name("sequence")
        self._names = {each: f"{own}.{each}" for each in (*PARTITIONS, *GROUPS, *TRANSACTIONAL_IDS)}
        self._counts = {self._names[topic]: count for topic, count in PARTITIONS.items()}
        self._known: list[dict[str, int]] = []
        self._transactional: set[int] = set()
        self._idle: set[int] = set()
        self._written = 0
        self._pair = Pair(self.loop, self.backend)
        compacted = [self._names[each] for each in COMPACTED]
        self._pair.both(lambda side: side.open(self._counts, compacted, MAX_MESSAGE_BYTES))

    @property
    def agreed(self) -> bool:
        """Whether both logs have shown the same until now."""
        return self._pair.agreed

    @rule(target=producers, process=_processes, transactional_id=_ids)
    @precondition(lambda self: len(self._known) < _MOST_PRODUCERS)
    def start(self, process: int, transactional_id: str | None) -> int:
        """Start a producer, which fences the one that was started last under its id."""
        number = len(self._known)
        self._known.append(dict(self._counts))
        self._pair.both(lambda side: side.start(process, transactional_id and self._names[transactional_id]))
        if transactional_id:
            self._transactional.add(number)
            self._idle.add(number)
        self._settled()
        return number

    @rule(producer=producers, records=drafts.drafts)
    def send(self, producer: int, records: Sequence[drafts.Draft]) -> None:
        """Send and wait, in the open transaction or a new one."""
        self._begun(producer)
        self._send(producer, records)

    @rule(producer=producers, group=_groups, offsets=drafts.places)
    def send_offsets(self, producer: int, group: str, offsets: Mapping[Partition, drafts.Place]) -> None:
        self._begun(producer)
        self._send_offsets(producer, group, offsets)

    @rule(producer=producers, committed=st.booleans())
    def end(self, producer: int, committed: bool) -> None:
        self._begun(producer)
        self._end(producer, committed)

    @rule(producer=producers, records=drafts.drafts, group=_groups, offsets=drafts.places, committed=st.booleans())
    def transact(
        self,
        producer: int,
        records: Sequence[drafts.Draft],
        group: str,
        offsets: Mapping[Partition, drafts.Place],
        committed: bool,
    ) -> None:
        """Go on with a transaction, or make one, and end it without waiting for what becomes of its records."""
        self._begun(producer)
        new, places = [self._made(producer, each) for each in records], drafts.placed(offsets, self._names)
        self._pair.both(lambda side: side.transact(producer, new, self._names[group], places, committed=committed))
        self._ended(producer)

    @rule(producer=producers, operation=st.sampled_from(("begin", "send", "send_offsets", "commit", "abort")))
    def out_of_turn(
        self, producer: int, operation: Literal["begin", "send", "send_offsets", "commit", "abort"]
    ) -> None:
        """Do something whether or not a transaction is open."""
        if operation == "begin":
            self._pair.both(lambda side: side.begin(producer))
            self._idle.discard(producer)
        elif operation == "send":
            self._send(producer, [drafts.PLAIN])
        elif operation == "send_offsets":
            self._send_offsets(producer, GROUPS[0], {Partition(JOBS, 0): drafts.Place(1)})
        else:
            self._end(producer, operation == "commit")

    @rule(producer=producers, how=st.sampled_from(("abandon", "close")))
    def drop(self, producer: int, how: Literal["abandon", "close"]) -> None:
        """End a producer, which leaves its transaction open; it may be asked for more all the same."""
        self._pair.both(lambda side: side.abandon(producer) if how == "abandon" else side.close_producer(producer))

    @rule(reader=_processes, positions=drafts.positions, max_records=_sizes)
    def read_from(self, reader: int, positions: Mapping[Partition, int], max_records: int) -> None:
        places = {drafts.named(each, self._names): offset for each, offset in positions.items()}
        self._pair.both(lambda side: side.assign(reader, places))
        self._pair.both(lambda side: side.read_on(reader, max_records))

    @rule(reader=_processes, max_records=_sizes)
    def read_on(self, reader: int, max_records: int) -> None:
        self._pair.both(lambda side: side.read_on(reader, max_records))

    @rule(place=st.one_of(st.just("more partitions"), _groups, st.tuples(drafts.partitions, st.integers(0, 9))))
    def administer(self, place: str | tuple[Partition, int]) -> None:
        """Grow a topic, delete a group's offsets, or a partition's records before an offset."""
        if isinstance(place, tuple):
            partition, before_offset = drafts.named(place[0], self._names), place[1]
            self._pair.both(lambda side: side.delete_records(partition, before_offset))
        elif place in GROUPS:
            self._pair.both(lambda side: side.delete_group_offsets(self._names[place]))
        elif self._counts[self._names[JOBS]] < _MOST_PARTITIONS:
            topic = self._names[JOBS]
            self._counts[topic] += 1
            self._pair.both(lambda side: side.grow(topic, self._counts[topic]))
        self._settled()

    def teardown(self) -> None:
        """Give each id a new owner, so that no transaction stays open, and look at all that is there."""
        try:
            if self.agreed:
                for name in (self._names[each] for each in TRANSACTIONAL_IDS):
                    self._pair.both(lambda side, name=name: side.start(0, name))  # type: ignore[misc]  # no lambda has
                    self._settled()
                self._pair.agree(lambda side: side.view(self._counts))
        finally:
            self._pair.close(self._counts)

    def _begun(self, producer: int) -> None:
        if producer in self._idle:
            self._idle.remove(producer)
            self._pair.both(lambda side: side.begin(producer))

    def _send(self, producer: int, records: Sequence[drafts.Draft]) -> None:
        new = [self._made(producer, each) for each in records]
        self._pair.both(lambda side: side.send(producer, new))
        self._settled()

    def _send_offsets(self, producer: int, group: str, offsets: Mapping[Partition, drafts.Place]) -> None:
        places = drafts.placed(offsets, self._names)
        self._pair.both(lambda side: side.send_offsets(producer, self._names[group], places))

    def _end(self, producer: int, committed: bool) -> None:
        self._pair.both(lambda side: side.end(producer, committed=committed))
        self._ended(producer)

    def _ended(self, producer: int) -> None:
        if producer in self._transactional:
            self._idle.add(producer)
        self._settled()

    def _settled(self) -> None:
        """Wait until what was decided is written: what comes next must find the same on both."""
        self._pair.agree(lambda side: side.ends(self._counts))
        self._pair.agree(lambda side: side.committed([self._names[each] for each in GROUPS], self._counts))

    def _made(self, producer: int, draft: drafts.Draft) -> NewRecord:
        self._written += 1
        topic = self._names[draft.topic]
        return drafts.made(draft, self._written, topic, self._known[producer][topic], self._counts[topic])
