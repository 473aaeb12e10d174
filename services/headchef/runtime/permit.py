"""The leave to start a call that costs money, withheld while a process that was frozen rejoins its group."""

from typing import Protocol


class Permit(Protocol):
    """Asked before each call to a provider."""

    async def wait(self) -> None:
        """Return as soon as this process may start a call."""
        ...
