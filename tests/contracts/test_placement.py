"""Placement: the same partitions as Java's client and aiokafka."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as murmur2_of_aiokafka
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts.placement import home_partition, murmur2, partition_for

# From org.apache.kafka.common.utils.UtilsTest.testMurmur2, whose numbers are signed.
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "signed"), JAVA.items())
def test_javas_own_vectors(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed & 0xFFFFFFFF


@given(st.binary(max_size=600))
def test_equal_to_aiokafka(key: bytes) -> None:
    assert murmur2(key) == murmur2_of_aiokafka(key) & 0xFFFFFFFF


@given(st.binary(min_size=1, max_size=80), st.integers(1, 50))
def test_partitions_equal_to_aiokafka(key: bytes, partitions: int) -> None:
    every = list(range(partitions))
    assert partition_for(key, partitions) == DefaultPartitioner()(key, every, every)


def test_jobs_of_one_conversation_share_a_home() -> None:
    homes = {home_partition(f"job-{number}", "talk", 64) for number in range(50)}
    assert homes == {partition_for(b"talk", 64)}
    assert home_partition("job-1", None, 64) == partition_for(b"job-1", 64)
