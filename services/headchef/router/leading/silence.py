"""Says when a job is over of which nothing comes any more, and what it ends with. Pure."""

from datetime import datetime, timedelta

from headchef.router.leading.led import Led
from headchef.runtime.processor import Timer
from headchef.workflow.progress import Ending, Lost

_SHOWN = 5


def alarm(led: Led, since: datetime, most: timedelta) -> Timer:
    """Give the timer that ends a job.

    Args:
        led: the job.
        since: when something came of it last.
        most: how long nothing may come of it.
    """
    return Timer(alarm_id(led.key), since + most, led.key, led.record.head.job_class)


def alarm_id(key: bytes) -> str:
    """Name that timer, by the key of the job."""
    return key.decode()


def ending_of(led: Led, since: datetime) -> Ending:
    """Say what a job ends with of which nothing has come since some time."""
    waiting = sorted(map(str, led.progress.under_way))
    message = f"nothing has come of {', '.join(waiting[:_SHOWN])} since {since.isoformat(timespec='seconds')}"
    return Ending("failed", why=Lost("lost", message))
