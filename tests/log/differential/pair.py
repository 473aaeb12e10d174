"""Drives both logs by the same operations, and compares what comes of them."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from time import monotonic
from typing import Any, ClassVar, TypeVar

from tests.log.differential.side import Side
from tests.log.differential.views import Outcome
from tests.support.kafka_backend import KafkaBackend
from tests.support.memory_backend import MemoryBackend
from tests.support.virtual_time import VirtualTimeLoop

T = TypeVar("T")

_AGREE_WITHIN_S = 60.0
_AGREE_AGAIN_WITHIN_S = 0.5
"""While a sequence that failed is being shortened, hundreds of times."""

_ASK_AGAIN_S = 0.002
_DELETED_TOGETHER = 40
_SETTLED_S = 0.01


class Pair:
    """The log in memory and Kafka.

    Args:
        kafka: the loop of Kafka's clients.
        backend: the cluster.
    """

    left_over: ClassVar[list[str]] = []
    patience_s: ClassVar[float] = _AGREE_WITHIN_S

    def __init__(self, kafka: asyncio.AbstractEventLoop, backend: KafkaBackend) -> None:
        self.agreed = True
        self._virtual = VirtualTimeLoop()
        self._made = self._virtual.run_until_complete(_memory())
        self._memory = Side(self._virtual, self._made)
        self._kafka = Side(kafka, backend)
        self._backend = backend

    def both(self, operation: Callable[[Side], Coroutine[Any, Any, Outcome]]) -> Outcome:
        """Do something on both, and give what came of it. Raises AssertionError if it was not the same."""
        self.agreed = False
        memory = self._memory.do(operation(self._memory))
        kafka = self._kafka.do(operation(self._kafka))
        assert memory == kafka, f"memory: {memory}\nkafka:  {kafka}"
        self.agreed = True
        return memory

    def agree(self, question: Callable[[Side], Coroutine[Any, Any, T]]) -> T:
        """Wait until both answer a question alike, since Kafka writes markers after it has answered."""
        self.agreed = False
        memory = self._memory.do(_settled(question(self._memory)))
        deadline_s = monotonic() + self.patience_s
        while (kafka := self._kafka.do(question(self._kafka))) != memory:
            if monotonic() > deadline_s:
                Pair.patience_s = _AGREE_AGAIN_WITHIN_S
                raise AssertionError(f"memory: {memory}\nkafka:  {kafka}")
            self._kafka.do(asyncio.sleep(_ASK_AGAIN_S))
        self.agreed = True
        return memory

    def close(self, topics: Collection[str]) -> None:
        """End both sides' processes, and delete the topics of a cluster that lives on."""
        self._kafka.do(self._kafka.close())
        Pair.left_over += topics
        if len(Pair.left_over) >= _DELETED_TOGETHER:
            self._kafka.do(self._backend.delete_topics(Pair.left_over))
            Pair.left_over = []
        self._memory.do(self._memory.close())
        self._virtual.run_until_complete(self._made.close())
        self._virtual.close()


async def _memory() -> MemoryBackend:
    return MemoryBackend()


async def _settled(work: Coroutine[Any, Any, T]) -> T:
    """Let the log in memory do what it does by itself; on virtual time that is free."""
    await asyncio.sleep(_SETTLED_S)
    return await work
