"""Runs a node of Apache Kafka from its jars: broker and controller, on free ports, with its own data folder."""

import base64
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headchef.runtime.children import END_WITH_PARENT
from tests.support.eventually import PATIENCE_S
from tests.support.kafka_jars import NoKafka, java, libs
from tests.support.ports import free_ports

LONG_LIVED = ("-Xmx512m",)
"""A broker that is to be measured, on a disk: Java's best compiler pays for itself after a minute or two."""

SHORT_LIVED = (*LONG_LIVED, "-XX:TieredStopAtLevel=1")
"""A broker for a test: that compiler alone would take most of what the broker uses of the processors."""

READY = "Kafka Server started"

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30

SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    # Joins, sessions and time-outs in tests' time instead of people's.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200",
    "log.retention.check.interval.ms": "500",
    "log.cleaner.backoff.ms": "200",
    "log.segment.delete.delay.ms": "1000",
    "offsets.retention.check.interval.ms": "500",
    # A broker killed with SIGKILL may come back only when the controller has given the old one up.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # A small broker: few internal partitions, threads, and a compaction buffer far below its 128 MiB.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "8388608",
}
"""What every node has; `node_settings` adds addresses, folders and replication."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a cluster on this machine."""

    id: int
    port: int
    controller_port: int
    folder: Path


def node_settings(node: Node, nodes: Sequence[Node], extra: Mapping[str, str]) -> dict[str, str]:
    """Give all that stands in a node's `server.properties`."""
    copies = str(min(3, len(nodes)))
    in_sync = str(max(1, int(copies) - 1))
    voters = ",".join(f"{each.id}@127.0.0.1:{each.controller_port}" for each in nodes)
    own = {
        "node.id": str(node.id),
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{node.port},CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{node.port}",
        "log.dirs": str(node.folder / "data"),
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }
    return {**SETTINGS, **own, **extra}


def make_nodes(count: int, *, on_disk: bool = False) -> list[Node]:
    """Give the nodes of a cluster: free ports, and a new folder each, which `KafkaProcess.close` deletes.

    Args:
        count: how many.
        on_disk: whether their data lies there even where Linux has room in memory. The topics of one deployment are a
            thousand files, each of which is flushed when it is made: two thirds of the time that they take, and half of
            the broker's work. What a killed broker had written outlives it either way.
    """
    ports = free_ports(2 * count)
    place = None if on_disk or not _has_room(_MEMORY) else _MEMORY
    folders = (Path(tempfile.mkdtemp(prefix="headchef-kafka-", dir=place)) for _ in range(count))
    pairs = zip(ports[::2], ports[1::2], strict=True)
    return [Node(number, *pair, folder) for number, (pair, folder) in enumerate(zip(pairs, folders, strict=True), 1)]


def _has_room(place: Path) -> bool:
    return os.access(place, os.W_OK) and shutil.disk_usage(place).free >= _ROOM_BYTES


def new_cluster_id() -> str:
    """Give a cluster id in Kafka's own form of a UUID; a leading zero byte keeps it from looking like an option."""
    return base64.urlsafe_b64encode(b"\x00" + uuid.uuid4().bytes[1:]).decode().rstrip("=")


class KafkaProcess:
    """A real broker as a child process. Its data outlives `stop` and `kill`, so that `start` is a restart.

    Args:
        extra: broker settings beside `SETTINGS`.
        java_options: of the virtual machine, `SHORT_LIVED` or `LONG_LIVED`.
        classes: further options, also of the tool that makes its folder: those of `kafka_archive.shared_classes`.
        nodes: of its cluster, itself first; None for a cluster of one.
        cluster_id: the same for all of them.
    """

    def __init__(
        self,
        extra: Mapping[str, str] | None = None,
        *,
        java_options: Sequence[str] = SHORT_LIVED,
        classes: Sequence[str] = (),
        nodes: Sequence[Node] | None = None,
        cluster_id: str | None = None,
    ) -> None:
        self._java = java()
        self._classpath = f"{libs()}/*"
        self._extra = dict(extra or {})
        self._java_options = java_options
        self._classes = classes
        self._nodes = nodes or make_nodes(1, on_disk=java_options == LONG_LIVED)
        self._node = self._nodes[0]
        self._folder = self._node.folder
        self._cluster_id = cluster_id or new_cluster_id()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, the same after a restart."""
        return f"127.0.0.1:{self._node.port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id while it runs, to measure what it uses."""
        return self._process.pid if self._process else None

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    def start(self, timeout_s: float = PATIENCE_S) -> None:
        """Start the broker, on the data of last time if there is some; returns when it serves.

        Raises:
            NoKafka: it did not come up; the message has the end of its log.
        """
        self.begin()
        self.wait(timeout_s)

    def begin(self) -> None:
        """Start the broker without waiting for it: one of several serves only when most of them are there."""
        settings = self._folder / "server.properties"
        if not settings.exists():
            lines = node_settings(self._node, self._nodes, self._extra).items()
            settings.write_text("".join(f"{name}={value}\n" for name, value in lines))
            self._format(settings)
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    self._java,
                    *self._java_options,
                    *self._classes,
                    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                    "-Dorg.slf4j.simpleLogger.showDateTime=true",
                    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
                    *("-cp", self._classpath, "kafka.Kafka", str(settings)),
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                # Ctrl-C in a terminal is for the tests; they stop the broker after the clients.
                start_new_session=True,
                preexec_fn=END_WITH_PARENT,  # noqa: PLW1509 - one system call, found before
            )

    def wait(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until the broker that was begun serves. Raises as `start`."""
        deadline = time.monotonic() + timeout_s
        while READY not in self._log.read_text(errors="replace"):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise NoKafka(f"Kafka did not start:\n{self._log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)

    def stop(self, timeout_s: float = 30.0) -> None:
        """Stop the broker as an operator would; kill it when that takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the broker with SIGKILL."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Stop the broker from doing anything, with its connections open, until `thaw`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Kill the broker and delete its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _format(self, settings: Path) -> None:
        # A second's work, whatever the broker itself is for.
        java = [self._java, *SHORT_LIVED, *self._classes, "-cp", self._classpath]
        tool = [*java, "kafka.tools.StorageTool", "format", "-t", self._cluster_id]
        done = subprocess.run([*tool, "-c", str(settings)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoKafka(f"Kafka's data folder could not be made:\n{done.stdout}{done.stderr}")
