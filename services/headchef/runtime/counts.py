"""How many partitions a processor's topics have: agreed upon before it joins its group, then watched for growth."""

import logging
from collections.abc import Callable, Mapping

from headchef.runtime.backoff import Backoff
from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogRefused, LogUnavailable, TopicMismatch
from headchef.runtime.log.port import Log
from headchef.runtime.names import Names

_log = logging.getLogger(__name__)

_MISMATCH_S = 10.0
_MISSING_S = 3.0
_FIRST_PAUSE_S = 0.5
_LOOK_S = 10.0


class Counts:
    """Counts the partitions of a processor's topics.

    Args:
        processor: its name, for messages.
        names: of its topics.
        log: where they are.
        clock: for pauses.
    """

    def __init__(self, processor: str, names: Names, log: Log, clock: Clock) -> None:
        self._processor = processor
        self._names = names
        self._log = log
        self._clock = clock
        self._counts: dict[str, int] = {}

    @property
    def partitions(self) -> Mapping[str, int]:
        """The newest counts by full topic name, always the same mapping."""
        return self._counts

    @property
    def tasks(self) -> int:
        """How many tasks there are: the smallest count among the inputs."""
        return min(self._counts[topic] for topic in self._names.inputs)

    async def agree(self) -> None:
        """Wait for the broker, then for the inputs to count the same.

        Raises:
            LogRefused: a topic is missing.
            TopicMismatch: they differ for longer than it takes to change them one after the other.
        """
        backoff = Backoff(_FIRST_PAUSE_S)
        waited_s = 0.0
        while True:
            pause_s = backoff.pause_s()
            try:
                await self._look()
            except LogUnavailable as error:
                _log.warning("%s; trying again in %.1f s", error, pause_s)
            except LogRefused:
                # Topics that were just made: the controller knows them a moment before the broker.
                if waited_s >= _MISSING_S:
                    raise
                waited_s += pause_s
            else:
                counts = {topic: self._counts[topic] for topic in self._names.inputs}
                if len(set(counts.values())) == 1:
                    return
                if waited_s >= _MISMATCH_S:
                    raise TopicMismatch(f"inputs of {self._processor} must count the same partitions: {counts}")
                waited_s += pause_s
            await self._clock.sleep(pause_s)

    async def again(self) -> None:
        """Look again; a log that is away is asked the next time.

        Raises:
            LogRefused: a topic is missing.
        """
        try:
            await self._look()
        except LogUnavailable as error:
            _log.warning("%s: partitions are counted again later: %s", self._processor, error)

    async def watch(self, shared: Callable[[], int], grown: Callable[[], None]) -> None:
        """Look now and then for ever.

        A group's leader looks too, but a static member that came back to lead does not know that it does.

        Args:
            shared: how many tasks the group has shared out; 0 before it has.
            grown: called after each look by which it should be another number.
        """
        while True:
            await self._clock.sleep(_LOOK_S)
            await self.again()
            if shared() not in (0, self.tasks):
                _log.info("%s: its topics make %d tasks, the group has %d", self._processor, self.tasks, shared())
                grown()

    async def _look(self) -> None:
        counts = await self._log.partition_counts(self._names.topics)
        missing = sorted(set(self._names.topics) - set(counts))
        if missing:
            raise LogRefused(f"topics are missing: {', '.join(missing)}; run `headchef topics create`")
        self._counts.update(counts)
