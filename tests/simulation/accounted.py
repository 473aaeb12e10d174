"""What is left of a world of tenants' budgets: all that was said to accounts and by them, and what tasks still hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from headchef_contracts.events.tenants import TenantBudget

from headchef.runtime.log.memory import Cluster
from tests.simulation.history import Happened, events
from tests.simulation.oracle import job_of
from tests.simulation.world import World, name_of


class Accounted:
    """All of it.

    Args:
        world: at rest, or past its time.

    Attributes:
        budgets: of tenants that have one.
        booked: what accounts were told of them, partition by partition.
        answered: what accounts said to tasks, without what was said again to one that had asked again.
        warned: what they said to everybody.
        purses: what tasks hold in the end.
        parked: questions that wait in the end.
        observations: what owners of pools were told of reused answers.
        asked: what they were to ask models.
        planned: what they have asked them.
        judged: what they have heard of that.
        judgements: the jobs by which models are asked.
        bounds: what they have said of when answers may be reused.
        pools: what they remember in the end, by key; a pool has one owner.
    """

    def __init__(self, world: World) -> None:
        self.budgets: Mapping[str, TenantBudget] = world.budgets
        self.booked: Sequence[Happened] = events(world.cluster, "budgets.booked", world.named)
        self.answered: Sequence[Happened] = list(_once(events(world.cluster, "budgets.answered", world.named)))
        self.warned: Sequence[Happened] = events(world.cluster, "budgets.warned", world.named)
        self.purses = _newest(world.cluster, "router.purses.changelog")
        self.parked = _newest(world.cluster, "router.parked.changelog")
        told = events(world.cluster, "cache.observed", world.named)
        self.observations: Sequence[Happened] = [event for event in told if "kind" in event.data]
        self.asked: Sequence[Happened] = [event for event in told if "question" in event.data]
        self.judged: Sequence[Happened] = [event for event in told if "same" in event.data]
        self.planned: Sequence[Happened] = events(world.cluster, "judgements.planned", world.named)
        self.judgements = frozenset(job_of(event.data) for event in self.planned)
        self.bounds: Sequence[Happened] = events(world.cluster, "cache.bounds", world.named)
        self.pools = _by_key(world.cluster, "accounts.pools.changelog")


def _once(answered: Iterable[Happened]) -> Iterator[Happened]:
    """Leave out answers that are given again; what is called back has no number."""
    known = set[tuple[str, int, int]]()
    for event in answered:
        if (number := event.data.get("number")) is not None:
            about = event.data["tenant"], event.data["task"], number
            if about in known:
                continue
            known.add(about)
        yield event


def _newest(cluster: Cluster, changelog: str) -> Sequence[bytes]:
    """Give the values of a store of which each task has its own keys, by its changelog."""
    newest = {(record.partition, record.key): record.value for record in cluster.read_committed(name_of(changelog))}
    return [value for value in newest.values() if value is not None]


def _by_key(cluster: Cluster, changelog: str) -> Mapping[bytes, bytes]:
    newest = {record.key: record.value for record in cluster.read_committed(name_of(changelog))}
    return {key: value for key, value in newest.items() if key is not None and value is not None}
