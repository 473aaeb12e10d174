"""Reads who holds which value, as the accounts have written it."""

from collections.abc import Callable
from dataclasses import dataclass

from headchef_contracts import topics

from headchef.accounts.reservations import HOLDERS
from headchef.accounts.reservations.records import Holder, read_holder
from headchef.cli.faults import WorkFailed
from headchef.cli.history.scan import newest_of, partitions_of, scan, stretches
from headchef.runtime.log.port import Log
from headchef.unique import compared, parts_of

CHANGELOG = f"accounts.{HOLDERS}.changelog"
_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which values are wanted.

    Attributes:
        tenant: whose jobs.
        site: of this site; None for any.
        name: of this kind; None for any.
        value: this one, in any of the ways to write it; None for all.
        job_id: those of this job; None for any.
    """

    tenant: str
    site: str | None = None
    name: str | None = None
    value: str | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A value that a job holds.

    Attributes:
        account: its name.
        site: where it is reserved.
        name: what kind of value it is.
        holder: the job.
    """

    account: str
    site: str
    name: str
    holder: Holder


async def held(log: Log, namespace: str, wanted: Wanted, progress: Callable[[int, int], None]) -> list[Held]:
    """Give what is held, by site, kind and value.

    Args:
        log: the cluster.
        namespace: first part of the topic's name.
        wanted: which of it.
        progress: told how many offsets are passed, of how many.

    Raises:
        WorkFailed: there is no such topic.
    """
    name = topics.physical(namespace, CHANGELOG)
    partitions = (await partitions_of(log, [name])).get(name)
    if partitions is None:
        raise WorkFailed(f"there is no topic {name}", "make the topics with `headchef topics create`")
    reader = await log.reader(f"{namespace}.reservation")
    try:
        parts = await stretches(reader, partitions, _ALL)
        total = sum(part.end - part.start for part in parts)
        newest = await newest_of(scan(reader, parts, lambda done: progress(done, total)))
    finally:
        await reader.close()
    found = (_held(key.decode(), value, wanted) for key, value in newest.items())
    return sorted((each for each in found if each is not None), key=lambda each: (each.site, each.name, each.account))


def _held(account: str, value: bytes, wanted: Wanted) -> Held | None:
    tenant, site, name, text = parts_of(account)
    asked = ((wanted.site, site), (wanted.name, name), (wanted.value and compared(wanted.value), text))
    if tenant != wanted.tenant or any(one is not None and one != other for one, other in asked):
        return None
    holder = read_holder(value)
    return Held(account, site, name, holder) if wanted.job_id in (None, holder.job_id) else None
