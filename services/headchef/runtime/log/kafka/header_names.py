"""Reads records whose headers are named by bytes that are no UTF-8: Kafka takes them, and aiokafka reads no further.

Such a name is read as Java's client reads it, with U+FFFD in place of what is wrong. Tried on aiokafka 0.14.
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


def read_any_header_name() -> None:
    """Have all consumers of this process read such records; aiokafka has no place of one consumer for it."""
    fetcher.MemoryRecords = _Records  # type: ignore[attr-defined]  # imported there, and not exported


class _Records(_MemoryRecordsPy):  # type: ignore[misc]  # marked as final, and yet made of the right parts
    """What one fetch brought of a partition."""

    def next_batch(self, *_: Any, **__: Any) -> Any:
        data = self._next_slice
        batch = super().next_batch()
        return None if batch is None or data is None else _Batch(batch, data)


class _Batch:
    """A batch that is decoded at once, by aiokafka's compiled code, and only if that fails by its slower one."""

    __slots__ = ("_batch", "_data")

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except UnicodeDecodeError:
            return iter(_LenientBatch(self._data))


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc]  # likewise
    """Decodes names with replacement."""

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _LenientBytes(self._buffer)


class _LenientBytes(bytearray):
    """Bytes whose parts are decoded with replacement."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return _LenientBytes(found) if isinstance(index, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, errors)
