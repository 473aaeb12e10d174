"""Publishes what no careful client would: a record whose header is named by any bytes."""

import asyncio
import struct

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

_CRC_AT = 17
_CHECKED_FROM = 21
"""Places in a record batch of version 2, as Kafka's protocol guide has them."""

_STAND_IN = "????????"


def publish_named(bootstrap: str, topic: str, partition: int, value: bytes, header_name: bytes) -> int:
    """Publish a record with one header, and give its offset.

    Args:
        bootstrap: address of the broker.
        topic: full name.
        partition: where to.
        value: of the record.
        header_name: eight bytes.
    """
    return asyncio.run(_publish(bootstrap, TopicPartition(topic, partition), _batch(value, header_name)))


def _batch(value: bytes, header_name: bytes) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=len(value) + 1000,
    )
    builder.append(0, timestamp=1_000, key=None, value=value, headers=[(_STAND_IN, b"v")])
    assert len(header_name) == len(_STAND_IN)
    raw = bytearray(builder.build().replace(_STAND_IN.encode(), header_name))
    struct.pack_into(">I", raw, _CRC_AT, calc_crc32c(bytes(raw[_CHECKED_FROM:])))
    return bytes(raw)


async def _publish(bootstrap: str, partition: TopicPartition, batch: bytes) -> int:
    client = AIOKafkaClient(bootstrap_servers=bootstrap)
    try:
        await client.bootstrap()
        await client.add_topic(partition.topic)
        leader = client.cluster.leader_for_partition(partition)
        assert await client.ready(leader)
        topics = [(partition.topic, [(partition.partition, batch)])]
        request = ProduceRequest(transactional_id=None, required_acks=-1, timeout=5000, topics=topics)
        [(_, [(_, error, offset, *_)])] = (await client.send(leader, request)).topics
    finally:
        await client.close()
    assert error == 0
    return int(offset)
