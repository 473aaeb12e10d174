"""Ways to break what a task promises of its state."""

import pytest

from headchef.runtime.state import TaskState
from headchef.runtime.window import Window


def seen_store_not_restored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TaskState, "restore", lambda *_: None)


def state_not_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TaskState, "records", lambda *_: [])


def seen_store_forgets_too_soon(patch: pytest.MonkeyPatch) -> None:
    """Forget at each commit all that a store with a window holds."""
    patch.setattr(Window, "forget", lambda self, _: self.clear())
