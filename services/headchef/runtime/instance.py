"""A member id that no other live process has, and that a process started again soon after gets back."""

import fcntl
import os
import re
import socket
from pathlib import Path
from typing import IO, Self

from headchef.runtime.settings import BadSettings

_SLOTS = 10_000


class InstanceLock:
    """Holds an id by a file lock, which the system frees at any death of the process.

    Args:
        instance: the id, as the group sees it.
        handle: the locked file; open as long as the id is held.
    """

    def __init__(self, instance: str, handle: IO[str]) -> None:
        self.instance = instance
        self._handle = handle

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Give the id back."""
        self._handle.close()


def hold_instance(group: str, wanted: str | None, lock_dir: Path) -> InstanceLock:
    """Take the wanted id, or the lowest free slot of this host.

    A static member that returns within its session gets its tasks back without a round, so a slot is taken again by
    the next process; two live processes with one id would fence each other for ever.

    Args:
        group: the consumer group; ids are unique within it.
        wanted: an id of the user's choice, or None for host name and slot.
        lock_dir: folder of the lock files, made if absent.

    Raises:
        BadSettings: if a live process on this host holds the wanted id, or the folder cannot be used.
    """
    try:
        lock_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(
            "HEADCHEF_LOCK_DIR", f"cannot make {lock_dir}: {error.strerror}; name a folder of yours"
        ) from error
    if wanted is not None:
        lock = _try_lock(group, wanted, lock_dir)
        if lock is None:
            raise BadSettings(
                "HEADCHEF_INSTANCE", f"a live process of {group} has the id {wanted!r}; give each its own"
            )
        return lock
    host = socket.gethostname()
    for slot in range(_SLOTS):
        lock = _try_lock(group, f"{host}-{slot}", lock_dir)
        if lock is not None:
            return lock
    raise BadSettings("HEADCHEF_LOCK_DIR", f"all {_SLOTS} slots in {lock_dir} are taken")


def _try_lock(group: str, instance: str, lock_dir: Path) -> InstanceLock | None:
    name = re.sub(r"[^a-zA-Z0-9.-]", "_", f"{group}.{instance}")
    try:
        handle = (lock_dir / f"{name}.lock").open("a", encoding="utf-8")
    except OSError as error:
        raise BadSettings("HEADCHEF_LOCK_DIR", f"cannot write in {lock_dir}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return InstanceLock(instance, handle)
