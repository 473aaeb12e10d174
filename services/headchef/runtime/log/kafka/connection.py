"""What all clients of one cluster share: addresses, security, and words for a cluster that does not answer."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import errors as driver
from aiokafka.conn import create_conn

from headchef.runtime.errors import LogError, LogRefused, LogUnavailable
from headchef.runtime.giving_up import seen
from headchef.runtime.log.kafka.errors import DRIVER_ERRORS, translated
from headchef.runtime.log.kafka.settings import KafkaSettings

_PROBE_TIMEOUT_S = 10.0
_RETRY_BACKOFF_MS = 50
_METADATA_MAX_AGE_MS = 30_000
"""How soon new partitions and leaders are seen unasked; aiokafka's five minutes would stop a task for as long."""


class Connection:
    """The arguments that every aiokafka client of a cluster is made with.

    Args:
        settings: where the cluster is.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self._clearing: set[asyncio.Task[None]] = set()
        self._connecting: dict[asyncio.Future[None], Callable[[], Awaitable[None]]] = {}
        self._security: dict[str, Any] = {"security_protocol": settings.security_protocol}
        if settings.security_protocol.endswith("SSL"):
            self._security["ssl_context"] = _tls(settings)
        if settings.security_protocol.startswith("SASL"):
            self._security["sasl_mechanism"] = settings.sasl_mechanism
            self._security["sasl_plain_username"] = settings.sasl_username
            self._security["sasl_plain_password"] = settings.password()

    def arguments(self, name: str) -> dict[str, Any]:
        """Give the keyword arguments of a client.

        Args:
            name: its client id, as the broker's logs and quotas show it.
        """
        return {
            "bootstrap_servers": self.settings.bootstrap,
            "client_id": name,
            "request_timeout_ms": round(self.settings.request_timeout_s * 1000),
            "retry_backoff_ms": _RETRY_BACKOFF_MS,
            "metadata_max_age_ms": _METADATA_MAX_AGE_MS,
            **self._security,
        }

    def clear_up_later(self, task: asyncio.Task[None]) -> None:
        """Keep a task that nobody waits for until it has ended, or the log is closed."""
        self._clearing.add(task)
        task.add_done_callback(self._clearing.discard)

    async def cleared_up(self) -> None:
        """End what nobody waits for any more: starts that were given up, and tasks that clear up."""
        for task, undo in list(self._connecting.items()):
            await _undone(task, undo)
        if self._clearing:
            await asyncio.wait(self._clearing)

    async def whole(self, connecting: Awaitable[None], undo: Callable[[], Awaitable[None]]) -> None:
        """Await a client's start. When the caller is cancelled it goes on to its end, and is undone then.

        Cancelled while it asks its first question, aiokafka leaves a connection open.

        Args:
            connecting: the start.
            undo: stops what was started.
        """
        task = asyncio.ensure_future(connecting)
        self._connecting[task] = undo
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            self.clear_up_later(asyncio.ensure_future(_undone(task, undo)))
            raise
        finally:
            del self._connecting[task]

    async def why(self, error: BaseException, doing: str) -> LogError:
        """Find out why a client could not start: its own error does not say whether the credentials were at fault.

        Args:
            error: what the client raised.
            doing: what was being started.
        """
        if not isinstance(error, driver.KafkaConnectionError):
            return translated(error, doing)
        where = f"Kafka at {self.settings.bootstrap} (HEADCHEF_KAFKA)"
        host, _, port = self.settings.bootstrap.split(",")[0].strip().rpartition(":")
        try:
            connection = await asyncio.wait_for(
                create_conn(host.strip("[]"), int(port), client_id="headchef-probe", **self._security), _PROBE_TIMEOUT_S
            )
        except ssl.SSLError as cause:
            return LogRefused(
                f"{where}: {cause}; check HEADCHEF_KAFKA_SECURITY_PROTOCOL and HEADCHEF_KAFKA_SSL_CA_FILE"
            )
        except (ConnectionResetError, driver.KafkaConnectionError) as cause:
            return LogUnavailable(
                f"{where} ends the connection ({type(cause).__name__}): is it a listener that speaks"
                f" {self.settings.security_protocol} (HEADCHEF_KAFKA_SECURITY_PROTOCOL)?"
            )
        except DRIVER_ERRORS as cause:
            found = translated(cause, where)
            if isinstance(found, LogRefused):
                return found
            return LogUnavailable(f"{where} does not answer: {str(cause) or type(cause).__name__}")
        connection.close()
        return LogUnavailable(f"{where} answers, but not to {doing}: {error}")


async def _undone(task: asyncio.Future[None], undo: Callable[[], Awaitable[None]]) -> None:
    await asyncio.wait([task])
    seen(task)
    await undo()


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(settings.ssl_ca_file) if settings.ssl_ca_file else None)
    if settings.ssl_certificate_file is not None:
        context.load_cert_chain(settings.ssl_certificate_file, settings.ssl_key_file)
    return context
