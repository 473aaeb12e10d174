"""Reaches the cluster that the environment names, and waits for it with a message while it is away."""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field

from headchef.cli.faults import WorkFailed
from headchef.cli.screen import Meter, Screen
from headchef.runtime.clock import Clock, SystemClock
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.kafka.log import KafkaLog
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.port import Log
from headchef.runtime.settings import RuntimeSettings, load

T = TypeVar("T")

DEFAULT_ADDRESS = "127.0.0.1:9092"
"""Where `headchef up` puts its development broker, and where a broker on the same machine usually is."""

_RETRY_S = 2.0


class _LocalKafka(KafkaSettings):
    """The same with an address, for a machine on which none was named."""

    bootstrap: str = Field(default=DEFAULT_ADDRESS, validation_alias="HEADCHEF_KAFKA")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as a command reaches it.

    Attributes:
        kafka: address and security.
        namespace: first part of the topics' names.
        named: whether the environment names the address; else it is the default one.
    """

    kafka: KafkaSettings
    namespace: str
    named: bool

    @property
    def address(self) -> str:
        """Show the address and where it comes from."""
        where = "HEADCHEF_KAFKA" if self.named else "the default, as HEADCHEF_KAFKA is not set"
        return f"{self.kafka.bootstrap} ({where})"


def named_cluster(*, repeatable: bool = True) -> Cluster:
    """Read the environment's settings; without HEADCHEF_KAFKA a broker on this machine is meant.

    Args:
        repeatable: what is written may be written twice. A job that arrives twice is one job, so any broker will do.

    Raises:
        BadSettings: naming the variable.
    """
    named = "HEADCHEF_KAFKA" in os.environ
    kafka = load(KafkaSettings if named else _LocalKafka)
    if repeatable:
        kafka = kafka.model_copy(update={"idempotence": False})
    return Cluster(kafka, load(RuntimeSettings).namespace, named)


@asynccontextmanager
async def opened(cluster: Cluster) -> AsyncIterator[Log]:
    """Open the log and close it after the block; nothing is sent before it is used.

    The client's own log goes nowhere unless somebody has set logs up: it repeats itself a hundred times a second while
    the cluster is away, which a command tells of in one line.
    """
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    log = KafkaLog(cluster.kafka)
    try:
        yield log
    finally:
        await log.close()


async def patiently(
    attempt: Callable[[], Awaitable[T]],
    *,
    cluster: Cluster,
    screen: Screen,
    patience_s: float,
    clock: Clock | None = None,
) -> T:
    """Try until the cluster answers.

    Args:
        attempt: what needs the cluster.
        cluster: for the message.
        screen: told once that the cluster is away, and once that it is there.
        patience_s: for how many seconds to try.
        clock: time, for tests.

    Raises:
        WorkFailed: the cluster did not answer in time.
    """
    clock = clock or SystemClock()
    began, told = clock.monotonic(), False
    while True:
        try:
            result = await attempt()
        except LogUnavailable as error:
            if clock.monotonic() - began + _RETRY_S > patience_s:
                hint = "start it, or name another in HEADCHEF_KAFKA"
                if not cluster.named:
                    hint = "name your broker in HEADCHEF_KAFKA, or start one for trying out with `headchef up`"
                raise WorkFailed(f"cannot reach Kafka at {cluster.address}: {error}", hint) from error
            if not told:
                screen.say(f"cannot reach Kafka at {cluster.address}; retrying for {patience_s:.0f} s", "yellow")
                told = True
            await clock.sleep(_RETRY_S)
        else:
            if told:
                screen.say("Kafka answers", "green")
            return result


async def read_patiently(
    cluster: Cluster, screen: Screen, what: str, patience_s: float, read: Callable[[Log, Meter], Awaitable[T]]
) -> T:
    """Open the log and read from it, with a progress bar, once the cluster answers.

    Args:
        cluster: which.
        screen: shows the bar, and says that the cluster is away.
        what: is done, for the bar.
        patience_s: for how many seconds to try.
        read: given the log and the bar.

    Raises:
        WorkFailed: the cluster did not answer in time.
    """
    async with opened(cluster) as log:
        with screen.progress(what) as meter:
            return await patiently(lambda: read(log, meter), cluster=cluster, screen=screen, patience_s=patience_s)
