"""Fixtures that all tests share. Every test may be a coroutine function (`asyncio_mode = "auto"`)."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.simulation.fresh import SETTING, fresh_seeds
from tests.support.kafka_server import KafkaServer, bootstrap_address, running_server
from tests.support.qdrant_server import NoQdrant, QdrantAddress, running_qdrant

# Read when gRPC is loaded: what it does after a fork crashes a child now and then, which ours would leave for `exec`.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("headchef", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("headchef")


def pytest_report_header() -> str:
    """Say which new worlds are simulated, so that the same ones can be again."""
    seeds = fresh_seeds()
    return f"simulation: {len(seeds)} new seeds from {seeds[0]}, again with {SETTING}={seeds[0]}"


_KILLED = tuple(
    pytest.mark.filterwarnings(
        f"ignore:Exception ignored in. <function {name}.__del__:pytest.PytestUnraisableExceptionWarning"
    )
    for name in ("AIOKafkaConnection", "StreamWriter")
)
"""Tests of behaviour kill processes within their own: a connection that was just being made is closed by nobody."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files first whose tests may take long, by how long all of them may, so that none is left for the end."""
    seconds: Counter[Path] = Counter()
    for item in items:
        if (allowed := item.get_closest_marker("timeout")) is not None:
            seconds[item.path] += allowed.args[0]
    items.sort(key=lambda item: -seconds[item.path])
    for item in items:
        if "behaviour" in item.path.parts:
            for leaving in _KILLED:
                item.add_marker(leaving)


def pytest_collection_finish() -> None:
    """Spare the collector what lives as long as the process: it would look at 300,000 objects again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _left_within(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let what killed processes have left be told of in the file that killed them, and not in whichever comes next."""
    yield
    if "behaviour" in request.path.parts:
        gc.collect()


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of a real Kafka that all tests of a process share: use topics and groups of one's own."""
    with bootstrap_address() as address:
        yield address


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """A running real Kafka of this test's own, to stop, kill and start again."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def qdrant() -> Iterator[QdrantAddress]:
    """A real server that all tests of a process share: use collections of one's own."""
    try:
        with running_qdrant() as address:
            yield address
    except NoQdrant as error:
        pytest.skip(str(error))
