"""Wrong settings end a service at once, with a clear code and a message that names the setting and what is right."""

import asyncio
import socket
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from headchef.catalogue import DEFAULT_PATH
from headchef.runtime.log.embedded import embedded_broker
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.kafka.topics import create
from tests.support.eventually import PATIENCE_S
from tests.support.kafka_server import running_server
from tests.support.services import ServiceProcess

NOWHERE = "127.0.0.1:1"
FAILED, WRONG = 1, 2


def ended(folder: Path, module: str, settings: Mapping[str, str]) -> tuple[int, str]:
    """Run a service until it ends by itself, and give its exit code and what it said."""
    environment = {"HEADCHEF_LOCK_DIR": str(folder / "locks"), **settings}
    process = ServiceProcess(module, module, environment, folder, afresh=True)
    process.start()
    try:
        code = process.wait()
    finally:
        process.kill()
    assert "Traceback" not in process.log()
    return code, process.log()


@pytest.mark.parametrize(
    ("module", "settings", "names", "says"),
    [
        ("router", {}, "HEADCHEF_KAFKA", "must be set"),
        ("functions", {}, "HEADCHEF_KAFKA", "must be set"),
        ("fetcher", {}, "HEADCHEF_KAFKA", "must be set"),
        ("retriever", {}, "HEADCHEF_KAFKA", "must be set"),
        ("batches", {}, "HEADCHEF_KAFKA", "must be set"),
        ("accounts", {}, "HEADCHEF_KAFKA", "must be set"),
        ("validator", {"HEADCHEF_SESSION_TIMEOUT_S": "soon"}, "HEADCHEF_SESSION_TIMEOUT_S", "number"),
        ("cache", {"HEADCHEF_SESSION_TIMEOUT_S": "0.1"}, "HEADCHEF_SESSION_TIMEOUT_S", "greater than or equal to 1"),
        ("executor", {"HEADCHEF_PROCESSING_GUARANTEE": "maybe"}, "HEADCHEF_PROCESSING_GUARANTEE", "exactly_once"),
        ("router", {"HEADCHEF_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "HEADCHEF_KAFKA_SASL_USERNAME", "SASL_SSL"),
        ("router", {"HEADCHEF_CATALOGUE": "/no/such/file.yaml"}, "HEADCHEF_CATALOGUE", "No such file"),
        ("executor", {"HEADCHEF_EXECUTOR_LANE": "Fast"}, "HEADCHEF_EXECUTOR_LANE", "lane to serve"),
        ("cache", {"HEADCHEF_CACHE_QDRANT_URL": "qdrant"}, "HEADCHEF_CACHE_QDRANT_URL", "URL"),
        ("router", {"HEADCHEF_KAFKA": "just-a-name"}, "HEADCHEF_KAFKA", "'just-a-name' is not host:port"),
    ],
    ids=lambda value: next(iter(value.values()), "unset") if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_named(tmp_path: Path, module: str, settings: dict[str, str], names: str, says: str) -> None:
    known = {} if names == "HEADCHEF_KAFKA" else {"HEADCHEF_KAFKA": NOWHERE}
    code, said = ended(tmp_path, module, {**known, **settings})
    assert code == WRONG, said
    assert names in said
    assert says in said


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = ended(tmp_path, "router", {"HEADCHEF_KAFKA": NOWHERE, "HEADCHEF_HEALTH_PORT": port})
    assert code == WRONG
    assert "HEADCHEF_HEALTH_PORT" in said


def test_topics_that_were_not_made(kafka: str, tmp_path: Path) -> None:
    namespace = f"bare-{uuid.uuid4().hex[:8]}"
    code, said = ended(tmp_path, "router", {"HEADCHEF_KAFKA": kafka, "HEADCHEF_NAMESPACE": namespace})
    assert code == FAILED
    assert f"{namespace}.catalog.v1" in said
    assert "headchef topics create" in said


def test_a_lane_that_no_catalogue_has(kafka: str, tmp_path: Path) -> None:
    namespace = f"lanes-{uuid.uuid4().hex[:8]}"
    asyncio.run(create(KafkaSettings(bootstrap=kafka), namespace, ["default"]))
    settings = {"HEADCHEF_KAFKA": kafka, "HEADCHEF_NAMESPACE": namespace, "HEADCHEF_EXECUTOR_LANE": "fast"}
    code, said = ended(tmp_path, "executor", settings)
    assert code == WRONG
    assert "executor.fast cannot use this file, and no catalogue is published" in said
    assert f"{DEFAULT_PATH}: lanes: there is no lane 'fast'; known are default: set HEADCHEF_EXECUTOR_LANE" in said


@pytest.fixture(scope="module")
def strict_kafka() -> Iterator[str]:
    """A broker with the usual limits, which the shared one of the tests has not; it has the topics."""
    limits = {"group.min.session.timeout.ms": "6000", "transaction.max.timeout.ms": "60000"}
    with running_server(limits) as server:
        asyncio.run(create(KafkaSettings(bootstrap=server.bootstrap), "headchef", ["default"]))
        yield server.bootstrap


@pytest.mark.parametrize(
    ("name", "value"), [("HEADCHEF_SESSION_TIMEOUT_S", "2"), ("HEADCHEF_KAFKA_TRANSACTION_TIMEOUT_S", "120")]
)
def test_a_setting_that_the_broker_refuses(strict_kafka: str, tmp_path: Path, name: str, value: str) -> None:
    code, said = ended(tmp_path, "validator", {"HEADCHEF_KAFKA": strict_kafka, name: value})
    assert code == FAILED
    assert name in said
    assert "HEADCHEF_PROCESSING_GUARANTEE" not in said, "another guarantee would not help"


@pytest.fixture
def broker_without_transactions() -> Iterator[str]:
    """The embedded development broker, with the topics; it runs in a thread with an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    context = embedded_broker()
    address = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(PATIENCE_S)
    making = create(KafkaSettings(bootstrap=address, idempotence=False), "headchef", ["default"])
    asyncio.run_coroutine_threadsafe(making, loop).result(PATIENCE_S)
    yield address
    asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(PATIENCE_S)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_broker_without_transactions_is_not_taken_for_one_with(
    broker_without_transactions: str, tmp_path: Path
) -> None:
    code, said = ended(tmp_path, "validator", {"HEADCHEF_KAFKA": broker_without_transactions})
    assert code == FAILED
    assert "HEADCHEF_PROCESSING_GUARANTEE" in said
    assert "at_least_once" in said
