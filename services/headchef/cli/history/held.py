"""Says which pause keeps an unfinished job from going on."""

from headchef_contracts import topics
from headchef_contracts.events.common import JobHead

from headchef.brakes import TOPIC, said, scopes
from headchef.cli.braking.reading import brakes_set
from headchef.runtime.log.port import Log


async def held(log: Log, namespace: str, job: JobHead, lane: str | None) -> str | None:
    """Say in words what holds a job, or None.

    Args:
        log: the cluster; one without brakes holds nothing.
        namespace: first part of the topic's name.
        job: which.
        lane: that its newest step is for; None while it has none.
    """
    name = topics.physical(namespace, TOPIC)
    if name not in await log.partition_counts([name]):
        return None
    brakes, _ = await brakes_set(log, namespace)
    pause = brakes.pause_of(scopes(job, lane))
    return None if pause is None else said(pause)
