"""Makes the writer that keeps the processing guarantee of the settings."""

from collections.abc import Awaitable, Callable, Collection

from headchef.runtime.at_least_once import AtLeastOnceWriter
from headchef.runtime.exactly_once import ExactlyOnceWriter
from headchef.runtime.kitchen import Kitchen
from headchef.runtime.ledger import Ledger
from headchef.runtime.log.port import Partition
from headchef.runtime.writers import Places, Writer


def writer_of(
    task: int,
    kitchen: Kitchen,
    placed: Collection[Partition],
    ledger: Ledger,
    commit: Callable[[Places], Awaitable[None]],
) -> Writer:
    """Make the writer of a task.

    Args:
        task: its number.
        kitchen: what it shares with the other tasks here.
        placed: the partitions of which it has a place.
        ledger: of the task.
        commit: commits offsets as this process's member, at least once.
    """
    names = kitchen.names
    name = names.transactional_id(task)
    if kitchen.settings.processing_guarantee == "exactly_once":
        return ExactlyOnceWriter(
            kitchen.log, transactional_id=name, group=names.group, partitions=placed, ledger=ledger
        )
    return AtLeastOnceWriter(
        kitchen.log,
        name=name,
        group=names.group,
        partitions=placed,
        ledger=ledger,
        changelogs=[*names.changelogs.values(), names.births],
        commit=commit,
        clock=kitchen.clock,
    )
