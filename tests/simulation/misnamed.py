"""Looks through all that a world has written for bodies that are too large for it, or that are not where it says."""

from collections.abc import Iterator
from typing import Any

import orjson

from headchef.runtime.log.memory import Cluster
from headchef.runtime.timers import read_timer
from tests.simulation.bodies import in_state
from tests.simulation.history import EVENT_TOPICS
from tests.simulation.services import ROUTER, SERVICES, timers_of
from tests.simulation.trail import spot_of
from tests.simulation.world import World, name_of


def misnamed(world: World) -> list[str]:
    """Say which events, timers and records carry a large body, or name one that is not there for their tenant.

    All that was written is looked at, also state that was forgotten later; and what services asked for in vain.
    """
    if world.bodies is None:
        return []
    named, found = world.named, list(world.bodies.missed)
    for place, data in _written(world.cluster):
        found += named.violations(place, data)
    return found


def _written(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    for topic in EVENT_TOPICS:
        for record in cluster.read_committed(name_of(topic)):
            if record.value is not None and record.value.startswith(b"{"):
                yield str(spot_of(record)), orjson.loads(record.value)
    for record in cluster.read_committed(name_of("router.jobs.changelog")):
        if record.key is not None and record.value is not None:
            yield str(spot_of(record)), _of_tenant(in_state(record.value), record.key)
    for topic in (each for service in SERVICES if service != ROUTER for each in timers_of(service)):
        for record in cluster.read_committed(name_of(topic)):
            if record.key is not None and record.value is not None:
                dispatched = read_timer(record.key, record.value)[0].payload.partition(b"\n")[2]
                yield str(spot_of(record)), orjson.loads(dispatched)


def _of_tenant(record: dict[str, Any], key: bytes) -> dict[str, Any]:
    return {**record, "head": {"tenant": key.partition(b"\0")[0].decode()}}
