"""Ways to break what a catalogue promises that is changed while all runs."""

from dataclasses import replace

import pytest

from headchef_contracts.events.common import Event

from headchef.catalogue import Catalogue, InForce
from headchef.executor.account import Accounts
from headchef.runtime.broadcast import Listener


def not_taken_up(patch: pytest.MonkeyPatch) -> None:
    async def wrong(self: InForce, event: Event) -> None:
        """Stay with the file."""

    patch.setattr(InForce, "take", wrong)


def taken_up_by_halves(patch: pytest.MonkeyPatch) -> None:
    """Use the new catalogue's name, and the old one's prices."""
    use, first = Accounts.use, dict[Accounts, Catalogue]()

    async def wrong(self: Accounts, catalogue: Catalogue) -> None:
        models = first.setdefault(self, catalogue).models
        await use(self, replace(catalogue, models=models))

    patch.setattr(Accounts, "use", wrong)


def not_waited_for(patch: pytest.MonkeyPatch) -> None:
    """Begin with the file, and then read what is published."""
    run = Listener.run

    async def wrong(self: Listener) -> None:
        if self._settle is not None:
            await self._settle()
        await run(self)

    patch.setattr(Listener, "run", wrong)


def given_up_at_a_fault(patch: pytest.MonkeyPatch) -> None:
    """Never read a broadcast again after the log was away once."""
    follow = Listener._follow

    async def wrong(self: Listener) -> None:
        if self.caught_up:
            await self._clock.sleep(1e9)
        await follow(self)

    patch.setattr(Listener, "_follow", wrong)
