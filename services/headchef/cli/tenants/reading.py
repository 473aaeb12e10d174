"""Reads what is set of tenants, and how their accounts stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from headchef_contracts import topics
from headchef_contracts.events.budgets import Day, Period
from headchef_contracts.events.tenants import TenantSet

from headchef.accounts.budgets.sums import BUDGETS, Sums, read_sums, sums_key
from headchef.cli.broadcast import entries
from headchef.cli.faults import WrongUsage
from headchef.cli.history.reading import open_record
from headchef.runtime.catching_up import read_to
from headchef.runtime.log.port import Log, Partition
from headchef.tenants import TOPIC, beginning
from headchef.tenants.periods import PERIODS

_CHANGELOG = f"accounts.{BUDGETS}.changelog"


@dataclass(frozen=True, slots=True)
class Known:
    """What is set.

    Attributes:
        tenants: the newest of each, in the order in which they were set first.
        unreadable: entries of other releases, or of none.
        newer: tenants whose newest entry cannot be read.
    """

    tenants: Mapping[str, TenantSet]
    unreadable: int
    newer: frozenset[str] = frozenset()


async def tenants_set(log: Log, namespace: str) -> Known:
    """Read what is set of all tenants.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.

    Raises:
        WrongUsage: there is no such topic.
    """
    found: dict[str, TenantSet] = {}
    newer, unreadable = set[str](), 0
    for record in await entries(log, namespace, TOPIC):
        event = open_record(TOPIC, record).event
        if isinstance(event, TenantSet):
            found[event.tenant] = event
            newer.discard(event.tenant)
        elif record.value is not None:
            unreadable += 1
            newer.add((record.key or b"").decode(errors="replace"))
    return Known(found, unreadable, frozenset(newer))


async def sums_of(log: Log, namespace: str, tenant: str, day: Day) -> Mapping[Period, Sums]:
    """Read how a tenant's account stands in the periods that a day is in.

    What an account remembers is its changelog; it is small, and has nothing that is not committed.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        tenant: whose account.
        day: of which periods.

    Raises:
        WrongUsage: there is no such topic.
    """
    name = topics.physical(namespace, _CHANGELOG)
    count = (await log.partition_counts([name])).get(name, 0)
    if not count:
        raise WrongUsage(f"the cluster has no topic {name}", "run `headchef topics create`")
    reader = await log.reader(f"{namespace}.tenants")
    try:
        bounds = await reader.bounds([Partition(name, number) for number in range(count)])
        await reader.assign({each: first for each, (first, _) in bounds.items()})
        read = await read_to(reader, {each: end for each, (_, end) in bounds.items()})
    finally:
        await reader.close()
    newest = {record.key: record.value for records in read.values() for record in records}
    found: dict[Period, Sums] = {}
    for period in PERIODS:
        begins = beginning(period, day)
        value = newest.get(sums_key(tenant, period, begins))
        nothing = Sums(tenant=tenant, period=period, begins=begins)
        found[period] = nothing if value is None else read_sums(value)
    return found
