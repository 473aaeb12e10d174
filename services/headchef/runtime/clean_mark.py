"""Says in a task's places whether its last owner left it clean: with nothing under way that its next one need wait for.

The mark is taken away before the first delivery, and set after the last commit. So whoever finds it knows that no owner
has begun anything since, however that one came to its end.
"""

import logging
from collections.abc import Mapping

from headchef.runtime import finished as finished_map
from headchef.runtime.backoff import Backoff
from headchef.runtime.clock import Clock
from headchef.runtime.errors import LogUnavailable
from headchef.runtime.log.port import Commit, Partition
from headchef.runtime.watermark import Watermark
from headchef.runtime.writers import Writer

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.1


class CleanMark:
    """The mark of one task, in the places of all its inputs.

    Args:
        writer: commits; nobody else may write meanwhile.
        watermarks: the task's inputs.
        found: whether the last owner left it.
        clock: for pauses.

    Attributes:
        found: as given.
    """

    def __init__(self, writer: Writer, watermarks: Mapping[Partition, Watermark], clock: Clock, *, found: bool) -> None:
        self.found = found
        self._writer = writer
        self._watermarks = watermarks
        self._clock = clock

    async def withdraw(self) -> None:
        """Take the mark away, if it is there. Raises as `Writer.write` does, but waits while the log is away."""
        if self.found:
            await self._write(clean=False)

    async def leave(self) -> None:
        """Set the mark. Raises as `withdraw` does."""
        await self._write(clean=True)

    async def _write(self, *, clean: bool) -> None:
        backoff = Backoff(_FIRST_PAUSE_S)
        while True:
            try:
                return await self._writer.write([], self._places(clean=clean))
            except LogUnavailable as error:
                pause_s = backoff.pause_s()
                _log.warning("the log is away, trying again in %.1f s: %s", pause_s, error)
            await self._clock.sleep(pause_s)

    def _places(self, *, clean: bool) -> dict[Partition, Commit]:
        places = {partition: watermark.after(()) for partition, watermark in self._watermarks.items()}
        return {
            partition: Commit(place, finished_map.encode(place, finished, clean=clean))
            for partition, (place, finished) in places.items()
        }
