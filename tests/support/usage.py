"""What a process has used of the machine."""

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: processor seconds so far, and resident bytes now."""

    cpu_s: float
    rss_bytes: int


def usage_of(pid: int) -> Usage:
    """Measure one process."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    return Usage(times.user + times.system, process.memory_info().rss)
