"""The brokers of a run, one of which is struck now and then: the only one, or of three the leader of a partition."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tests.support.kafka_cluster import KafkaCluster, running_cluster
from tests.support.kafka_server import KafkaServer, running_server


class Broker(Protocol):
    """What can be killed or stopped, and comes back with its data."""

    def kill(self) -> None:
        """End it with SIGKILL."""
        ...

    def start(self, timeout_s: float = 90.0) -> None:
        """Start it again; returns when it serves."""
        ...

    def freeze(self) -> None:
        """Stop it from doing anything, with its connections open."""
        ...

    def thaw(self) -> None:
        """Let it go on."""
        ...


class Brokers(Protocol):
    """One broker or three."""

    @property
    def bootstrap(self) -> str:
        """The addresses for clients."""
        ...

    def leading(self, topic: str, partition: int) -> Broker:
        """Give the broker that leads a partition."""
        ...


class One:
    """A broker alone: while it is away, everything is."""

    def __init__(self, server: KafkaServer) -> None:
        self._server = server

    @property
    def bootstrap(self) -> str:
        """Its address."""
        return self._server.bootstrap

    def leading(self, topic: str, partition: int) -> Broker:
        """Give the broker."""
        return self._server


class Three:
    """Three brokers: when one is away, another leads."""

    def __init__(self, cluster: KafkaCluster) -> None:
        self._cluster = cluster

    @property
    def bootstrap(self) -> str:
        """Their addresses."""
        return self._cluster.bootstrap

    def leading(self, topic: str, partition: int) -> Broker:
        """Give the broker that leads a partition now."""
        return self._cluster.brokers[self._cluster.leader(topic, partition)]


@contextmanager
def brokers(count: int) -> Iterator[Brokers]:
    """Run one broker, or three. Raises `NoKafka`."""
    if count == 1:
        with running_server() as server:
            yield One(server)
    else:
        with running_cluster() as cluster:
            yield Three(cluster)
