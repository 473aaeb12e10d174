"""Runs Apache Kafka's own image through testcontainers, where a Docker daemon answers and has the image."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from tests.support.kafka_jars import KAFKA_VERSION
from tests.support.kafka_process import READY, SHORT_LIVED, Node, node_settings
from tests.support.ports import free_ports

IMAGE = f"apache/kafka:{KAFKA_VERSION}"


class KafkaContainer:
    """A real broker in a container; does what `KafkaProcess` does, with the same settings.

    Args:
        extra: broker settings beside those every node has.
        java_options: of the virtual machine, `SHORT_LIVED` or `LONG_LIVED`.
    """

    pid = None

    def __init__(self, extra: Mapping[str, str] | None = None, *, java_options: Sequence[str] = SHORT_LIVED) -> None:
        # The same port inside and outside, so that one advertised address is right on both sides.
        self._port, controller_port = free_ports(2)
        node = Node(1, self._port, controller_port, Path("/tmp/headchef"))
        settings = node_settings(node, [node], extra or {})
        settings["listeners"] = f"PLAINTEXT://0.0.0.0:{self._port},CONTROLLER://127.0.0.1:{controller_port}"
        self._starter = DockerContainer(IMAGE).with_bind_ports(self._port, self._port)
        self._starter.with_env("KAFKA_HEAP_OPTS", " ".join(java_options))
        for name, value in settings.items():
            self._starter.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
        self._started = False

    @property
    def bootstrap(self) -> str:
        """The address for clients, the same after a restart."""
        return f"127.0.0.1:{self._port}"

    def start(self, timeout_s: float = 90.0) -> None:
        """Start the broker, on the data of last time if there is some; returns when it serves."""
        ready = LogMessageWaitStrategy(READY).with_startup_timeout(round(timeout_s))
        if self._started:
            self._starter.get_wrapped_container().start()
            ready.wait_until_ready(self._starter)
        else:
            self._starter.waiting_for(ready).start()
            self._started = True

    def stop(self, timeout_s: float = 30.0) -> None:
        """Stop the broker as an operator would; Docker kills it when that takes too long."""
        self._starter.get_wrapped_container().stop(timeout=round(timeout_s))

    def kill(self) -> None:
        """End the broker with SIGKILL."""
        self._starter.get_wrapped_container().kill()

    def freeze(self) -> None:
        """Stop the broker from doing anything, with its connections open, until `thaw`."""
        self._starter.get_wrapped_container().pause()

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        self._starter.get_wrapped_container().unpause()

    def close(self) -> None:
        """Kill the broker and delete its data."""
        self._starter.stop()
        self._started = False
