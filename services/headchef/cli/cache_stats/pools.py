"""Says how a pool of questions stands: what it has learnt, how often it was wrong, and for whom it is open. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headchef_contracts.events.bounds import BoundSet
from headchef_contracts.events.semantic import MAX_WRONG

from headchef.bound import STATISTIC
from headchef.cli.cache_stats.account import PoolName, PoolUses
from headchef.evidence import interval


@dataclass(frozen=True, slots=True)
class Standing:
    """One pool.

    Attributes:
        name: of it.
        uses: what became of its questions, in the time that was looked at.
        said: what its owner has said last; None where nothing was.
    """

    name: PoolName
    uses: PoolUses
    said: BoundSet | None

    @property
    def wrong(self) -> tuple[float, float, float] | None:
        """Give the share that was wrong, of the answers that might be reused, and between which shares it lies.

        None where the bound has allowed nothing yet.
        """
        if self.said is None or not self.said.counts.allowed:
            return None
        allowed, wrong = self.said.counts.allowed, self.said.counts.allowed_wrong
        return (wrong / allowed, *interval(allowed, wrong))

    @property
    def open_from(self) -> float | None:
        """Give the smallest `max_wrong` for which something may be reused now; None where no job may set one so large.

        A bound of another release says nothing to this one.
        """
        if self.said is None or self.said.statistic != STATISTIC:
            return None
        lowest = min((band.at_most for band in self.said.bands), default=1.0)
        return lowest if lowest <= MAX_WRONG else None


def standings(uses: Mapping[PoolName, PoolUses], said: Iterable[BoundSet], tenant: str | None) -> Sequence[Standing]:
    """Put together what is known of each pool, those with the most questions first.

    Args:
        uses: what became of their questions.
        said: the newest of each account. Of the accounts of one pool, one for each embedder, the newest counts.
        tenant: whose pools; None for all.
    """
    newest: dict[PoolName, BoundSet] = {}
    for each in said:
        name = PoolName(each.tenant, each.pool)
        if tenant in (None, each.tenant) and (name not in newest or newest[name].set_at <= each.set_at):
            newest[name] = each
    found = [Standing(name, uses.get(name, PoolUses()), newest.get(name)) for name in {**uses, **newest}]
    return sorted(found, key=lambda each: (-each.uses.questions, each.name))
