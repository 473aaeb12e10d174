"""Keeps entries until they are older than a time, packed: 28 bytes each beside the value, and 12 to 24 to find it."""

from array import array
from hashlib import blake2b
from struct import Struct

_DIGEST_BYTES = 16
_HEAD = Struct(f"<{_DIGEST_BYTES}sqI")
"""Of an entry in the log: digest of the key, time in milliseconds, bytes of the value that follows."""

_LEAST_SLOTS = 8
_NOWHERE = 0


class Window:
    """A dictionary that forgets what was written before a time. It knows the digests of its keys, so cannot list them.

    All entries lie one behind the other in one log, in the order in which they were written, and a hash table with
    linear probing says where. Python's own dictionary would need an object for each key, value and time: 360 bytes for
    what takes 80 here if values have 32, and scattered among objects that come and go (infra/decisions/0034). An entry
    that was written again, or removed, stays in the log until its time has come, and is not found.
    """

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        return self._count

    def get(self, key: bytes) -> bytes | None:
        """Give a key's value, or None."""
        place = self._table[self._slot(_digest(key))]
        if place == _NOWHERE:
            return None
        at = place - self._first
        _, _, length = _HEAD.unpack_from(self._log, at)
        return bytes(self._log[at + _HEAD.size : at + _HEAD.size + length])

    def put(self, key: bytes, value: bytes, at_ms: int) -> None:
        """Write an entry.

        Args:
            key: of any length.
            value: likewise.
            at_ms: the time of writing, in milliseconds; entries are forgotten in the order in which they were written.
        """
        digest = _digest(key)
        slot = self._slot(digest)
        if self._table[slot] == _NOWHERE:
            self._count += 1
            if 3 * self._count > 2 * len(self._table):
                self._rebuild(2 * len(self._table))
                slot = self._slot(digest)
        self._table[slot] = self._first + len(self._log)
        self._log += _HEAD.pack(digest, at_ms, len(value))
        self._log += value

    def remove(self, key: bytes) -> None:
        """Take an entry out, if it is there."""
        slot = self._slot(_digest(key))
        if self._table[slot] != _NOWHERE:
            self._vacate(slot)

    def forget(self, before_ms: int) -> None:
        """Forget what was written before a time, up to the first entry that was not."""
        end = 0
        while end < len(self._log):
            digest, at_ms, length = _HEAD.unpack_from(self._log, end)
            if at_ms >= before_ms:
                break
            slot = self._slot(digest)
            if self._table[slot] == self._first + end:
                self._vacate(slot)
            end += _HEAD.size + length
        del self._log[:end]
        self._first += end
        if 8 * self._count < len(self._table) > _LEAST_SLOTS:
            self._rebuild(len(self._table) // 2)

    def clear(self) -> None:
        """Forget everything."""
        self._log = bytearray()
        # The place of the log's first byte: places go on counting when the log loses its head.
        self._first = _NOWHERE + 1
        self._table = array("q", [_NOWHERE]) * _LEAST_SLOTS
        self._count = 0

    def _slot(self, digest: bytes) -> int:
        """Give the slot that leads to a key's entry, or the free one that will."""
        last = len(self._table) - 1
        slot = _home(digest) & last
        while (place := self._table[slot]) != _NOWHERE and not self._log.startswith(digest, place - self._first):
            slot = (slot + 1) & last
        return slot

    def _vacate(self, slot: int) -> None:
        """Free a slot, and move those behind it up that would not be found any more (Knuth, 6.4, algorithm R)."""
        last = len(self._table) - 1
        self._count -= 1
        behind = slot
        while True:
            self._table[slot] = _NOWHERE
            while True:
                behind = (behind + 1) & last
                if (place := self._table[behind]) == _NOWHERE:
                    return
                if (behind - _home(self._digest_at(place))) & last >= (behind - slot) & last:
                    break
            self._table[slot], slot = place, behind

    def _rebuild(self, slots: int) -> None:
        places, self._table = self._table, array("q", [_NOWHERE]) * slots
        for place in places:
            if place != _NOWHERE:
                self._table[self._slot(self._digest_at(place))] = place

    def _digest_at(self, place: int) -> bytes:
        at = place - self._first
        return bytes(self._log[at : at + _DIGEST_BYTES])


def _digest(key: bytes) -> bytes:
    """Stand for a key: that two of a thousand million keys have one digest is as likely as 1 to 10²⁰."""
    return blake2b(key, digest_size=_DIGEST_BYTES).digest()


def _home(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "little")
