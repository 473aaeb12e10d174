"""Samples how much memory processes have of their own, and keeps the most.

Mapped files do not count, as those of the cache's store: they are on disk, and the system takes their pages back.
"""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import psutil

_SAMPLE_S = 0.2


class PeakMemory:
    """Samples while it is entered, in a thread of its own.

    Args:
        pids: process ids by name.

    Attributes:
        peaks: the most resident bytes of its own that each was seen with.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self.peaks: dict[str, int] = dict.fromkeys(pids, 0)
        self._pids = dict(pids)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_SAMPLE_S):
            self._sample()

    def _sample(self) -> None:
        for name, pid in list(self._pids.items()):
            try:
                memory = psutil.Process(pid).memory_info()
                self.peaks[name] = max(self.peaks[name], memory.rss - memory.shared)
            except psutil.NoSuchProcess:
                del self._pids[name]
