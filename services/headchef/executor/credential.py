"""An account's API key, read again when its file has changed, so that a key is rotated without a restart."""

import logging
from pathlib import Path

from pydantic import SecretStr

from headchef.catalogue import Endpoint
from headchef.runtime.clock import Clock

_log = logging.getLogger(__name__)

_LOOK_S = 1.0
_Stamp = tuple[int, int, int]


class Credential:
    """Gives the key. One that comes from the environment stays as it is: no process can be given another.

    Args:
        endpoint: has the key as it was read at the start, and the file that it came from.
        clock: a file is looked at once a second, at most.
    """

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._key = endpoint.api_key
        self._file = endpoint.api_key_file
        self._clock = clock
        self._looked_s = clock.monotonic()
        self._stamp = _stamp(self._file) if self._file else None

    def current(self) -> SecretStr | None:
        """Give the key as it is now, or None where the endpoint wants none.

        A file that is gone, empty or no text changes nothing: it is being written, or a mistake that the log names.
        """
        now_s = self._clock.monotonic()
        if self._file is not None and now_s - self._looked_s >= _LOOK_S:
            self._looked_s = now_s
            if (stamp := _stamp(self._file)) != self._stamp:
                self._stamp = stamp
                self._read(self._file)
        return self._key

    def _read(self, file: Path) -> None:
        try:
            key = file.read_text().strip()
        except (OSError, UnicodeDecodeError):
            key = ""
        if key and key.isascii() and key.isprintable():
            _log.info("the API key in %s has changed", file)
            self._key = SecretStr(key)
        else:
            _log.warning("%s holds no API key any more; the last one stays in use", file)


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
