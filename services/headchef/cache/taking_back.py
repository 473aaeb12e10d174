"""Takes back from a store what was invalidated while the store took it: its deletion was done before it was there."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from headchef.cache.forgetting import Forgets, Forgetting, Forgotten
from headchef.cache.invalidated import Invalidated, Origin
from headchef.cache.selection import Kept, Selection

Put = TypeVar("Put", bound=Kept)


class TakingBack:
    """Whoever puts something into a store asks here before and after.

    Args:
        invalidated: what holds no longer.
        forgetting: deletes, in the background, what a store that is away has not.
    """

    def __init__(self, invalidated: Invalidated, forgetting: Forgetting) -> None:
        self._invalidated = invalidated
        self._forgetting = forgetting

    def holds(self, kept: Kept) -> bool:
        """Say whether nothing that is known concerns what is to be kept."""
        return not self._invalidated.concerns(Origin(kept.tenant, kept.marks, kept.planned_at))

    async def after(self, store: Forgets, put: Sequence[Put]) -> Sequence[Put]:
        """Delete what holds no longer of what a store was given, now or as soon as the store is back.

        Args:
            store: that was given it.
            put: what; what the store has not taken does no harm.

        Returns:
            What holds.
        """
        judged = [(each, self.holds(each)) for each in put]
        late = [each for each, holds in judged if not holds]
        for tenant in dict.fromkeys(each.tenant for each in late):
            selection = _chosen(tenant, [each for each in late if each.tenant == tenant])
            if not await store.remove(selection):
                self._forgetting.note(f"late: {selection}", Forgotten(selection))
        return [each for each, holds in judged if holds]


def _chosen(tenant: str, late: Iterable[Kept]) -> Selection:
    """Choose these, and what was asked before them in their place; what was asked later may hold."""
    asked = {each.fingerprint: each.planned_at for each in late}
    times = [at for at in asked.values() if at is not None]
    until = max(times) if len(times) == len(asked) else None
    return Selection(tenant=tenant, fingerprints=tuple(asked), planned_until=until)
