"""What the log takes at most."""

from collections.abc import Mapping

from headchef.runtime.log.port import Commit, Partition

METADATA_MAX_CHARACTERS = 4000
"""Less than Kafka's `offset.metadata.max.bytes` of 4,096, beyond which the real client dies without a clear error."""


def check_metadata(offsets: Mapping[Partition, Commit]) -> None:
    """Refuse commit metadata that the log would not take. Raises ValueError, naming the partition."""
    for partition, commit in offsets.items():
        if len(commit.metadata) > METADATA_MAX_CHARACTERS:
            raise ValueError(
                f"{partition.topic}[{partition.number}]: commit metadata of {len(commit.metadata)} characters, "
                f"the log takes {METADATA_MAX_CHARACTERS}"
            )


def check_group(group: str, others: str | None) -> None:
    """Refuse a second group's offsets in one transaction. Raises ValueError.

    Args:
        group: whose offsets are to be put into the transaction.
        others: whose offsets are in it, if any: aiokafka tells the coordinator of the first group only, and its
            producer dies of the second.
    """
    if others not in (None, group):
        raise ValueError(f"offsets of group {group} in a transaction that has those of {others}: one group each")
