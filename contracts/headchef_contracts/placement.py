"""Where a key is placed: Java's murmur2, which aiokafka uses too, so that both put a key into the same partition."""

from struct import Struct

# Constants and steps: org.apache.kafka.common.utils.Utils.murmur2.
_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
_LONGEST_PRECOMPILED_WORDS = 64
_WORDS = tuple(Struct(f"<{count}I") for count in range(_LONGEST_PRECOMPILED_WORDS + 1))


def murmur2(key: bytes) -> int:
    """Hash a key as Kafka's Java client does.

    Args:
        key: any bytes.

    Returns:
        The hash as an unsigned 32-bit number.
    """
    length = len(key)
    count = length >> 2
    words = _WORDS[count] if count <= _LONGEST_PRECOMPILED_WORDS else Struct(f"<{count}I")
    h = _SEED ^ length
    for word in words.unpack_from(key):
        k = word * _M & _MASK
        h = h * _M & _MASK ^ (k ^ k >> 24) * _M & _MASK
    rest = length & 3
    if rest:
        h = (h ^ int.from_bytes(key[-rest:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


def partition_for(key: bytes, partitions: int) -> int:
    """Give the partition that Java's default partitioner and aiokafka choose for a key.

    Args:
        key: the record's key.
        partitions: how many partitions the topic has, at least 1.

    Returns:
        A partition number from 0 to `partitions - 1`.
    """
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def home_partition(job_id: str, conversation_id: str | None, partitions: int) -> int:
    """Give the partition of `jobs.submitted` whose task owns a job: jobs of one conversation share it.

    Args:
        job_id: the job's id.
        conversation_id: the job's conversation, if it has one.
        partitions: how many partitions `jobs.submitted` has.

    Returns:
        A partition number from 0 to `partitions - 1`.
    """
    return partition_for((job_id if conversation_id is None else conversation_id).encode(), partitions)
