"""A real Apache Kafka for tests and benchmarks: a given one, a container, or a process from the published jars.

`python -m tests.support.kafka_server` starts one, prints its bootstrap address, and runs until Ctrl-C or SIGTERM.
"""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from tests.support.docker_images import image_is_there
from tests.support.eventually import PATIENCE_S
from tests.support.kafka_archive import shared_classes
from tests.support.kafka_container import IMAGE, KafkaContainer
from tests.support.kafka_jars import NoKafka
from tests.support.kafka_process import LONG_LIVED, SHORT_LIVED, KafkaProcess

GIVEN = "HEADCHEF_TEST_KAFKA"
"""Environment variable with the bootstrap address of a cluster that tests may use."""


class KafkaServer(Protocol):
    """One real broker that a test owns. Its data outlives `stop` and `kill`, so that `start` is a restart."""

    @property
    def bootstrap(self) -> str:
        """The address for clients, the same after a restart."""
        ...

    @property
    def pid(self) -> int | None:
        """The broker's process id, to measure what it uses; None in a container or while it is down."""
        ...

    def start(self, timeout_s: float = PATIENCE_S) -> None:
        """Start the broker, on the data of last time if there is some; returns when it serves."""
        ...

    def stop(self, timeout_s: float = 30.0) -> None:
        """Stop the broker as an operator would; killed when that takes longer than `timeout_s` seconds."""
        ...

    def kill(self) -> None:
        """End the broker with SIGKILL."""
        ...

    def freeze(self) -> None:
        """Stop the broker from doing anything, with its connections open, until `thaw`."""
        ...

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        ...

    def close(self) -> None:
        """Kill the broker and delete its data."""
        ...


def make_server(extra: Mapping[str, str] | None = None, *, java_options: Sequence[str] = SHORT_LIVED) -> KafkaServer:
    """Make a broker of one's own, not yet started: a container if the image is there, else from the jars.

    Args:
        extra: broker settings beside those of `kafka_process.SETTINGS`.
        java_options: of the virtual machine, `SHORT_LIVED` or `LONG_LIVED`.

    Raises:
        NoKafka: neither can be had; the message says what to install.
    """
    if image_is_there(IMAGE):
        return KafkaContainer(extra, java_options=java_options)
    try:
        # One that is measured is left as it was when the figures were written that it is compared with.
        classes = () if java_options == LONG_LIVED else shared_classes()
        return KafkaProcess(extra, java_options=java_options, classes=classes)
    except NoKafka as error:
        raise NoKafka(
            f"These tests need a real Apache Kafka, and none can be had here. {error}\n"
            f"Or: `docker pull {IMAGE}` with a Docker daemon running. Or: set {GIVEN} to the address of a cluster."
        ) from error


@contextmanager
def running_server(
    extra: Mapping[str, str] | None = None, *, java_options: Sequence[str] = SHORT_LIVED
) -> Iterator[KafkaServer]:
    """Make and start a broker of one's own, and delete it at the end. Raises as `make_server`."""
    server = make_server(extra, java_options=java_options)
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextmanager
def bootstrap_address() -> Iterator[str]:
    """Give the address of a cluster for tests that only use it: `HEADCHEF_TEST_KAFKA`, else a broker made here."""
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    with running_server() as server:
        yield server.bootstrap


def main() -> None:
    """Run a broker until Ctrl-C or SIGTERM."""
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _number, _frame: ended.set())
    try:
        with running_server() as server:
            print(server.bootstrap, flush=True)
            ended.wait()
    except NoKafka as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
