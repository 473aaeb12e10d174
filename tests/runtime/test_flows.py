"""Flows take turns, keep their order, and lose or repeat nothing, however much of them is only noted."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef.runtime.flows import Flows
from headchef.runtime.log.port import Partition, Record

PARTITIONS = (Partition("in", 0), Partition("in", 1))
ONE = PARTITIONS[0]


def record(flow: str, offset: int, partition: Partition = ONE) -> Record:
    return Record(*partition, offset, 0, None, flow.encode(), ())


def flow_of(each: Record) -> str:
    return (each.value or b"").decode()


def any_is_fit(_: Record) -> bool:
    return True


class Partitions:
    """What lies in the log, and what was taken of it."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._records: dict[Partition, list[Record]] = {partition: [] for partition in PARTITIONS}
        self._finished: set[tuple[Partition, int]] = set()
        self._before: list[Record] = []
        self.taken: list[Record] = []

    def append(self, flow: str, partition: Partition, gap: int = 0, *, finished: bool = False) -> None:
        """Write a record, and read it ahead; it may have finished long ago."""
        offset = (self._records[partition][-1].offset + 1 if self._records[partition] else 0) + gap
        written = record(flow, offset, partition)
        self._records[partition].append(written)
        if finished:
            self._finished.add((partition, offset))
            self._before.append(written)
        else:
            self._flows.add(written)

    def refill(self, most: int) -> None:
        """Read again what is wanted."""
        for partition, start in self._flows.wanted().items():
            found = [each for each in self._records[partition] if each.offset >= start][:most]
            left = [each for each in found if (partition, each.offset) not in self._finished]
            if found:
                self._flows.refill(partition, start, found[-1].offset + 1, left)

    def take(self) -> None:
        """Hand one over, which finishes at once."""
        taken = self._flows.pop(any_is_fit)
        self.taken.append(taken)
        self._finished.add((Partition(taken.topic, taken.partition), taken.offset))

    def of(self, flow: str, partition: Partition) -> list[int]:
        """Give the offsets of a flow that were taken, in the order in which they were."""
        taken = [each for each in self.taken if (each.topic, each.partition) == partition and flow_of(each) == flow]
        return [each.offset for each in taken]

    def lying(self, flow: str, partition: Partition) -> list[int]:
        """Give the offsets of a flow that had not finished long ago."""
        return [each.offset for each in self._records[partition] if flow_of(each) == flow and each not in self._before]


@given(data=st.data(), at_hand=st.integers(1, 30))
def test_each_record_is_taken_once_and_in_the_order_of_its_flow(data: st.DataObject, at_hand: int) -> None:
    flows = Flows(flow_of, at_hand)
    log = Partitions(flows)
    written = 0
    for _ in range(data.draw(st.integers(1, 40))):
        match data.draw(st.sampled_from(("write", "take", "refill"))):
            case "write":
                name, count = data.draw(st.sampled_from("abc")), data.draw(st.integers(1, 20))
                partition = data.draw(st.sampled_from(PARTITIONS))
                finished = data.draw(st.integers(0, 3)) == 0
                for _ in range(count):
                    log.append(name, partition, data.draw(st.integers(0, 1)), finished=finished)
                written += 0 if finished else count
            case "refill":
                log.refill(data.draw(st.integers(1, 30)))
            case _ if flows:
                log.take()
    while len(log.taken) < written:
        wanted, before = flows.wanted(), len(log.taken)
        log.refill(5)
        while flows:
            log.take()
        assert len(log.taken) > before or flows.wanted() != wanted, "the same is not read for ever"
    assert flows.ranges == 0
    for name in "abc":
        for partition in PARTITIONS:
            assert log.of(name, partition) == log.lying(name, partition)


def test_flows_take_turns_record_by_record() -> None:
    flows = Flows(flow_of, 100)
    for offset, name in enumerate("aaaabbc"):
        flows.add(record(name, offset))
    assert "".join(flow_of(flows.pop(any_is_fit)) for _ in range(7)) == "abcabaa"


def test_a_flow_that_comes_far_behind_another_has_its_turn_at_once() -> None:
    flows = Flows(flow_of, 10)
    for offset in range(1_000):
        flows.add(record("a", offset))
    flows.add(record("b", 1_000))
    assert [flow_of(flows.pop(any_is_fit)) for _ in range(3)] == ["a", "b", "a"]
    assert flows.ranges == 1, "however many records of one flow lie in a row"


def test_each_flow_has_its_share_at_hand() -> None:
    flows = Flows(flow_of, 12)
    log = Partitions(flows)
    for name in "abc":
        for _ in range(50):
            log.append(name, ONE)
    most = 0
    for _ in range(100):
        log.refill(200)
        log.take()
        most = max(most, len(flows))
    assert Counter(map(flow_of, log.taken)) == {"a": 34, "b": 33, "c": 33}
    assert most <= 12 + 6 + 4, "what came when there were fewer flows is at hand for a while"


def test_what_does_not_fit_lets_others_pass_and_keeps_its_turn() -> None:
    flows = Flows(flow_of, 10)
    for offset, name in enumerate("aabb"):
        flows.add(record(name, offset))
    assert flow_of(flows.pop(lambda each: flow_of(each) == "b")) == "b"
    assert flow_of(flows.pop(any_is_fit)) == "a"
    assert flows.head(lambda _: False) is None
    with pytest.raises(IndexError):
        flows.pop(lambda _: False)


def test_what_is_held_is_never_only_noted() -> None:
    flows = Flows(flow_of, 1)
    for offset in range(10):
        flows.hold(record("a", offset))
    assert (len(flows), flows.ranges, flows.wanted()) == (10, 0, {})


def test_what_has_expired_is_named_and_what_follows_is_still_wanted() -> None:
    flows = Flows(flow_of, 4)
    for offset, name in enumerate("aaaaaaabbbbbbbaaa"):
        flows.add(record(name, offset))
    assert flows.lose(ONE, 13) == [(4, 6), (11, 12)]
    assert flows.lose(ONE, 13) == []
    for _ in range(8):
        flows.pop(any_is_fit)
    assert flows.wanted() == {ONE: 13}
    flows.refill(ONE, 13, 17, [record(name, 13 + place) for place, name in enumerate("baaa")])
    assert [flows.pop(any_is_fit).offset for _ in range(4)] == [13, 14, 15, 16]


def test_clearing_forgets_what_is_noted_too() -> None:
    flows = Flows(flow_of, 1)
    for offset in range(10):
        flows.add(record("a", offset))
    flows.clear()
    assert (len(flows), flows.ranges, flows.wanted()) == (0, 0, {})
    flows.add(record("a", 10))
    assert flows.pop(any_is_fit).offset == 10
