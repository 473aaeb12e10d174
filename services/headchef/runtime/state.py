"""The state of one task: dictionaries whose every change is also a record of a changelog."""

from collections.abc import Iterable, Sequence

from headchef.runtime.log.port import NewRecord, Record
from headchef.runtime.processor import Change, Store
from headchef.runtime.window import Window


class TaskState:
    """Implements `State`: the stores of one task.

    Args:
        stores: what the processor declared.
        task: the task's number, which is the changelogs' partition.
        changelogs: full topic name by store name.
    """

    def __init__(self, stores: Sequence[Store], task: int, changelogs: dict[str, str]) -> None:
        self._kept: dict[str, dict[bytes, bytes]] = {store.name: {} for store in stores if store.window_s is None}
        self._windows_ms = {store.name: int(store.window_s * 1000) for store in stores if store.window_s is not None}
        self._passing = {name: Window() for name in self._windows_ms}
        self._task = task
        self._changelogs = changelogs
        self._edition = object()

    @property
    def edition(self) -> object:
        """What stands for all that was read since the last restore: another one after each."""
        return self._edition

    def get(self, store: str, key: bytes) -> bytes | None:
        """Give a key's value, or None."""
        passing = self._passing.get(store)
        return self._kept[store].get(key) if passing is None else passing.get(key)

    def items(self, store: str) -> list[tuple[bytes, bytes]]:
        """Give all keys of a store with their values; one with a window does not know its keys."""
        return list(self._kept[store].items())

    def count(self, store: str) -> int:
        """Count the entries of one store."""
        passing = self._passing.get(store)
        return len(self._kept[store]) if passing is None else len(passing)

    def counts(self) -> dict[str, int]:
        """Count the entries of each store."""
        return {store: self.count(store) for store in (*self._kept, *self._passing)}

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
        self._edition = object()
        for kept in self._kept.values():
            kept.clear()
        for passing in self._passing.values():
            passing.clear()

    def restore(self, store: str, records: Iterable[Record]) -> None:
        """Replay changelog records, oldest first."""
        for record in records:
            if record.key is not None:
                self._set(store, record.key, record.value, record.timestamp_ms)

    def expire(self, now_ms: int) -> None:
        """Forget entries older than their store's window, counted back from `now_ms`."""
        for store, window_ms in self._windows_ms.items():
            self._passing[store].forget(now_ms - window_ms)

    def _set(self, store: str, key: bytes, value: bytes | None, at_ms: int) -> None:
        passing = self._passing.get(store)
        if passing is None:
            if value is None:
                self._kept[store].pop(key, None)
            else:
                self._kept[store][key] = value
        elif value is None:
            passing.remove(key)
        else:
            passing.put(key, value, at_ms)
