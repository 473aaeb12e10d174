"""One transaction as the log keeps it: what it touched, and how it ended."""

import asyncio

from headchef.runtime.log.memory.offsets import Written
from headchef.runtime.log.port import Partition


class Transaction:
    """An open or decided transaction.

    Args:
        began_s: when its first record or offset came, on the monotonic clock.

    Attributes:
        committed: None while open, then whether it was committed.
        partitions: where it wrote, in order of the first record.
        offsets: by group, what becomes the group's place at the commit.
        ended: set when the decision has reached all partitions and groups.
    """

    def __init__(self, began_s: float) -> None:
        self.began_s = began_s
        self.committed: bool | None = None
        self.partitions: dict[Partition, None] = {}
        self.offsets: dict[str, dict[Partition, Written]] = {}
        self.ended = asyncio.Event()
