"""Takes a folder for this process: the embedded engine lets no two share one."""

import fcntl
import os
from pathlib import Path
from typing import IO

from headchef.qdrant.errors import StoreRefused


def take(folder: Path) -> IO[str]:
    """Take a folder, which is made if absent; it is free again when what is returned is closed, or the process ends.

    Raises:
        StoreRefused: it is another's, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "owner").open("a+", encoding="ascii")
    except OSError as error:
        raise StoreRefused("folder", f"{folder} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read()
        lock.close()
        raise StoreRefused(
            "in_use", f"{folder} is in use by process {owner}; an embedded store serves one process"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
