"""Puts large bodies into the events of a job's history."""

from dataclasses import replace

from headchef_contracts import registry

from headchef.bodies import Bodies
from headchef.cli.bodies import with_values
from headchef.cli.history.gather import History
from headchef.cli.history.hop import Hop


async def with_values_in(history: History, bodies: Bodies | None) -> History:
    """Give a history whose events have their bodies in them, as far as those can be had.

    Args:
        history: as it lies in the log.
        bodies: reads them; None where no store is set.
    """
    return replace(history, hops=[await _with_values(hop, bodies) for hop in history.hops])


async def _with_values(hop: Hop, bodies: Bodies | None) -> Hop:
    if hop.event is None or (event := await with_values(hop.event, bodies)) is hop.event:
        return hop
    return replace(hop, event=event, value=registry.encode(event))
