"""Three real brokers on this machine, replication three, two in sync: to see a leader die."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka.admin import AdminClient

from tests.support.kafka_archive import shared_classes
from tests.support.kafka_process import KafkaProcess, make_nodes, new_cluster_id

_BROKERS = 3
_ASK_S = 30.0


class KafkaCluster:
    """Three brokers that are controllers too, so that any one may be away."""

    def __init__(self) -> None:
        nodes, cluster_id = make_nodes(_BROKERS), new_cluster_id()
        self.brokers = {
            node.id: KafkaProcess(
                classes=shared_classes(),
                nodes=[node, *(other for other in nodes if other is not node)],
                cluster_id=cluster_id,
            )
            for node in nodes
        }

    @property
    def bootstrap(self) -> str:
        """The addresses for clients."""
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def start(self) -> None:
        """Start all brokers; returns when they serve. Raises `NoKafka` if one does not come up."""
        for broker in self.brokers.values():
            broker.begin()
        for broker in self.brokers.values():
            broker.wait()

    def leader(self, topic: str, partition: int) -> int:
        """Give the number of the broker that leads a partition."""
        found = AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(topic, timeout=_ASK_S)
        return int(found.topics[topic].partitions[partition].leader)

    def close(self) -> None:
        """Kill all brokers and delete their data."""
        for broker in self.brokers.values():
            broker.close()


@contextmanager
def running_cluster() -> Iterator[KafkaCluster]:
    """Make and start three brokers, and delete them at the end. Raises `NoKafka`: they cannot be had here."""
    cluster = KafkaCluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()
