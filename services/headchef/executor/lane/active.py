"""Which partitions of a lane, and so which tasks, are in use by the catalogue in force, and who is told of changes."""

from collections.abc import Callable


class ActivePartitions:
    """The first so many, or all.

    Attributes:
        count: how many; None for all.
    """

    def __init__(self) -> None:
        self.count: int | None = None
        self._watchers: dict[Callable[[], None], None] = {}

    def has(self, number: int) -> bool:
        """Say whether a partition is in use."""
        return self.count is None or number < self.count

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have somebody told of each change.

        Returns:
            Ends that.
        """
        self._watchers[changed] = None
        return lambda: self._watchers.pop(changed, None)

    def change(self, count: int | None) -> None:
        """Use so many from now on."""
        self.count = count
        for changed in tuple(self._watchers):
            changed()
