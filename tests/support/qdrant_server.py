"""A real Qdrant server for tests: a given one, a process from a binary on this machine, or a container."""

import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from headchef.runtime.children import END_WITH_PARENT
from tests.support.docker_images import image_is_there
from tests.support.eventually import PATIENCE_S
from tests.support.ports import free_ports

GIVEN = "HEADCHEF_TEST_QDRANT"
"""Environment variable with the URL of a server that tests may use; its gRPC port is the URL's port and one."""

VERSION = "1.18.3"
IMAGE = f"qdrant/qdrant:v{VERSION}"
HTTP_PORT = 6333
GRPC_PORT = 6334

_BESIDE_THE_REPOSITORY = Path(__file__).parents[2] / ".." / "shared" / "bin" / "qdrant"


class NoQdrant(Exception):
    """No server can be had here; the message says how to get one."""


@dataclass(frozen=True, slots=True)
class QdrantAddress:
    """Where a server listens.

    Attributes:
        host: name or address.
        http_port: which the URL has.
        grpc_port: which the store uses.
    """

    host: str
    http_port: int
    grpc_port: int

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"http://{self.host}:{self.http_port}"


@contextmanager
def running_qdrant() -> Iterator[QdrantAddress]:
    """Give a server: `HEADCHEF_TEST_QDRANT`, else one started here and deleted at the end.

    Raises:
        NoQdrant: there is neither an address, nor a binary, nor a container's image.
    """
    given = os.environ.get(GIVEN)
    if given:
        parts = urlsplit(given)
        port = parts.port or HTTP_PORT
        yield QdrantAddress(parts.hostname or "localhost", port, port + 1)
    elif (binary := find_binary()) is not None:
        with running_process(binary) as (address, _):
            yield address
    elif image_is_there(IMAGE):
        with _running_container() as address:
            yield address
    else:
        raise NoQdrant(
            f"no Qdrant server here: set {GIVEN} to a URL, put a `qdrant` binary on PATH, "
            f"or `docker pull {IMAGE}` with a Docker daemon running"
        )


def find_binary() -> str | None:
    """Give the path of a `qdrant` binary: on PATH, or beside the repository."""
    on_path = shutil.which("qdrant")
    if on_path is not None:
        return on_path
    return str(_BESIDE_THE_REPOSITORY.resolve()) if _BESIDE_THE_REPOSITORY.exists() else None


@contextmanager
def running_process(binary: str) -> Iterator[tuple[QdrantAddress, int]]:
    """Run a binary on free ports with a data folder of its own; gives the address and the process id.

    Raises:
        NoQdrant: it did not come up; the message has the end of its log.
    """
    http_port, grpc_port = free_ports(2)
    address = QdrantAddress("127.0.0.1", http_port, grpc_port)
    with tempfile.TemporaryDirectory(prefix="headchef-qdrant-") as folder:
        settings = {
            "QDRANT__SERVICE__HOST": address.host,
            "QDRANT__SERVICE__HTTP_PORT": str(http_port),
            "QDRANT__SERVICE__GRPC_PORT": str(grpc_port),
            "QDRANT__STORAGE__STORAGE_PATH": f"{folder}/storage",
            "QDRANT__STORAGE__SNAPSHOTS_PATH": f"{folder}/snapshots",
            "QDRANT__TELEMETRY_DISABLED": "true",
            "QDRANT__LOG_LEVEL": "WARN",
        }
        log = Path(folder) / "server.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [binary],
                cwd=folder,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal is for the tests; they stop the server after the clients.
                start_new_session=True,
                preexec_fn=END_WITH_PARENT,  # noqa: PLW1509 - one system call, found before
            )
        try:
            _wait_until_ready(address, process, log)
            yield address, process.pid
        finally:
            process.kill()
            process.wait()


def _wait_until_ready(address: QdrantAddress, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _ready(address):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoQdrant(f"Qdrant did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


def _ready(address: QdrantAddress) -> bool:
    try:
        with urllib.request.urlopen(f"{address.url}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def _running_container() -> Iterator[QdrantAddress]:
    container = DockerContainer(IMAGE).with_exposed_ports(HTTP_PORT, GRPC_PORT)
    container.with_env("QDRANT__TELEMETRY_DISABLED", "true")
    container.waiting_for(HttpWaitStrategy(HTTP_PORT, "/readyz").for_status_code(200))
    with container:
        yield QdrantAddress(
            container.get_container_host_ip(),
            container.get_exposed_port(HTTP_PORT),
            container.get_exposed_port(GRPC_PORT),
        )
