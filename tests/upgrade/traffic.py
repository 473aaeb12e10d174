"""Jobs that keep coming while a deployment is changed under them."""

import threading
from types import TracebackType
from typing import Self

from tests.support.pipeline import Pipeline

_PAUSE_S = 0.04


class Traffic:
    """Publishes jobs one after the other, in a thread of its own, while it is entered. Every other job is a repeat.

    Args:
        pipeline: where to.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._publish)
        self.job_ids: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _publish(self) -> None:
        while not self._ended.wait(_PAUSE_S):
            number = len(self.job_ids)
            job_id = f"job-{number}"
            # Every other job asks what the one before has asked, long enough ago to be in the cache.
            chair = number if number % 2 == 0 or number < _LAG else number - _LAG
            self._pipeline.publish({"job_id": job_id, "prompt": f"Describe chair {chair}."}, key=job_id)
            self.job_ids.append(job_id)


_LAG = 27
"""Odd, so that what is asked again was asked for the first time then."""
