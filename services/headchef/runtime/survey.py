"""Compares the topics that a process uses with the topic table, once, when it is at work, and warns of differences."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from headchef_contracts import topics

from headchef.runtime.clock import Clock
from headchef.runtime.engine import Engine
from headchef.runtime.errors import LogError
from headchef.runtime.log.kafka.settings import KafkaSettings
from headchef.runtime.log.kafka.topics import compare_settings
from headchef.runtime.names import names
from headchef.runtime.processor import Processor

_log = logging.getLogger(__name__)

_LOOK_S = 0.5


@asynccontextmanager
async def surveyed(
    engines: Mapping[str, Engine],
    ready: Callable[[], str | None],
    *,
    kafka: KafkaSettings,
    namespace: str,
    clock: Clock,
) -> AsyncIterator[None]:
    """While the block runs: wait until all is at work, then warn of each setting that is not as the table has it.

    A warning and no error: an operator may keep records longer. But lag is the queue, so a retention that somebody has
    shortened loses jobs, and should be read in the log before it does.

    Args:
        engines: what runs here, complete once it is ready.
        ready: says what is not at work yet, or None.
        kafka: the cluster.
        namespace: first part of the topics' names.
        clock: for waiting.
    """

    async def compare() -> None:
        while ready() is not None:
            await clock.sleep(_LOOK_S)
        await _compare(engines, kafka, namespace)

    comparing = asyncio.ensure_future(compare())
    try:
        yield
    finally:
        comparing.cancel()
        await asyncio.wait([comparing])


async def _compare(engines: Mapping[str, Engine], kafka: KafkaSettings, namespace: str) -> None:
    used = {name for engine in engines.values() for name in _topics_of(engine.processor, namespace)}
    try:
        for each in await compare_settings(kafka, namespace, sorted(used)):
            _log.warning(
                "topic %s: %s is %s, and the topic table says %s: see `headchef topics check`",
                *(each.topic, each.setting, each.found or "not set", each.wanted),
            )
    except LogError as error:
        _log.warning("the topics could not be compared with the topic table: %s", error)


def _topics_of(processor: Processor, namespace: str) -> list[str]:
    """Give what a processor reads and keeps, by logical name, with the dead letters of its inputs."""
    known = (topics.logical(namespace, name) for name in names(namespace, processor).topics)
    return [*(name for name in known if name is not None), *(f"{source.topic}.dlq" for source in processor.inputs)]
