"""The log in the process's own memory: Kafka's semantics and failure modes, for tests and simulation."""

from headchef.runtime.log.memory.cluster import Cluster
from headchef.runtime.log.memory.log import MemoryLog
from headchef.runtime.log.memory.process import Faults, Operation

__all__ = ["Cluster", "Faults", "MemoryLog", "Operation"]
