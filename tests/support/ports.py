"""Finds ports for servers that tests start: below those that the system gives to outgoing connections."""

import fcntl
import itertools
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_RANGE = range(15_000, 32_768)
"""Linux gives outgoing connections 32,768 to 60,999, other systems 49,152 and up: one of these taken from there may
belong to some client before its server listens, or while that server is being restarted."""


def _candidates() -> Iterator[int]:
    # From a place of its own in each process, so that workers side by side seldom look at the same ports.
    first = random.SystemRandom().randrange(len(_RANGE))
    return itertools.cycle([*_RANGE[first:], *_RANGE[:first]])


_NEXT = _candidates()


def free_ports(count: int) -> list[int]:
    """Give loopback ports that nobody listens on now, all different, and not to other test processes after this.

    A port is chosen long before its server listens, and stays chosen while that is down: other processes of tests on
    this machine would find it free.

    Args:
        count: how many.

    Raises:
        RuntimeError: there are not so many.
    """
    free = (port for port in itertools.islice(_NEXT, len(_RANGE)) if _is_free(port))
    ports = list(itertools.islice(free, count))
    if len(ports) < count:
        raise RuntimeError(f"{count} free ports were asked for, {len(ports)} of {_RANGE} are free")
    return ports


@cache
def _locks() -> int:
    """Open the file of which a process locks a byte for each port that it has chosen, until it ends."""
    return os.open(Path(tempfile.gettempdir()) / f"headchef-test-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


def _is_free(port: int) -> bool:
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
