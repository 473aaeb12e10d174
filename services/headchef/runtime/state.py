"""The state of one task: dictionaries whose every change is also a record of a changelog."""

from collections import deque
from collections.abc import Iterable, Sequence

from headchef.runtime.log.port import NewRecord, Record
from headchef.runtime.processor import Change, Store


class TaskState:
    """Implements `State`: the stores of one task.

    Args:
        stores: what the processor declared.
        task: the task's number, which is the changelogs' partition.
        changelogs: full topic name by store name.
    """

    def __init__(self, stores: Sequence[Store], task: int, changelogs: dict[str, str]) -> None:
        self._values: dict[str, dict[bytes, tuple[int, bytes]]] = {store.name: {} for store in stores}
        self._windows_ms = {store.name: int(store.window_s * 1000) for store in stores if store.window_s is not None}
        self._ages: dict[str, deque[tuple[int, bytes]]] = {name: deque() for name in self._windows_ms}
        self._task = task
        self._changelogs = changelogs

    def get(self, store: str, key: bytes) -> bytes | None:
        """Give a key's value, or None."""
        entry = self._values[store].get(key)
        return None if entry is None else entry[1]

    def items(self, store: str) -> list[tuple[bytes, bytes]]:
        """Give all keys of a store with their values."""
        return [(key, value) for key, (_, value) in self._values[store].items()]

    def count(self, store: str) -> int:
        """Count the entries of one store."""
        return len(self._values[store])

    def size(self) -> int:
        """Count the entries of all stores."""
        return sum(len(values) for values in self._values.values())

    def records(self, changes: Iterable[Change], now_ms: int) -> list[NewRecord]:
        """Write changes as changelog records."""
        return [
            NewRecord(self._changelogs[change.store], change.value, change.key, self._task, (), now_ms)
            for change in changes
        ]

    def apply(self, changes: Iterable[Change], now_ms: int) -> None:
        """Make changes visible to `get`, and forget what has left its window."""
        for change in changes:
            self._set(change.store, change.key, change.value, now_ms)
        self.expire(now_ms)

    def clear(self) -> None:
        """Forget everything, before a restore."""
        for values in self._values.values():
            values.clear()
        for ages in self._ages.values():
            ages.clear()

    def restore(self, store: str, records: Iterable[Record]) -> None:
        """Replay changelog records, oldest first."""
        for record in records:
            if record.key is not None:
                self._set(store, record.key, record.value, record.timestamp_ms)

    def expire(self, now_ms: int) -> None:
        """Forget entries older than their store's window, counted back from `now_ms`."""
        for store, window_ms in self._windows_ms.items():
            ages, values = self._ages[store], self._values[store]
            while ages and ages[0][0] < now_ms - window_ms:
                written_ms, key = ages.popleft()
                if key in values and values[key][0] == written_ms:
                    del values[key]

    def _set(self, store: str, key: bytes, value: bytes | None, at_ms: int) -> None:
        if value is None:
            self._values[store].pop(key, None)
            return
        self._values[store][key] = (at_ms, value)
        if store in self._ages:
            self._ages[store].append((at_ms, key))
