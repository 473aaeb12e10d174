"""Handlers around a service's own, so that it sees values where events have references, and need not know of them."""

import re
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from headchef.bodies.at_hand import BodiesAtHand, NotAtHand
from headchef.bodies.bodies import Bodies
from headchef.bodies.kept import Key
from headchef.bodies.port import BodyUnusable
from headchef.runtime.processor import Delivery, Emit, Handler, Outcome, State

_MAY_REFER = re.compile(rb'"(?:ref|[a-z]+_reference)"').search
"""Looked for before anything else: most events refer to nothing."""


class WithBodies:
    """Opens what comes in, and closes what goes out.

    Args:
        inner: the service's own.
        bodies: reads and writes them.
        leave: parts of events of this kind stay closed: who handles them needs nothing of it.
    """

    def __init__(self, inner: Handler, bodies: Bodies, leave: type[BaseModel] | None = None) -> None:
        self._inner = inner
        self._bodies = bodies
        self._leave = leave

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Have a delivery handled, all of whose bodies are in it.

        Raises:
            StoreAway: the store cannot be reached just now; nothing was done.
        """
        if delivery.event is not None and _MAY_REFER(delivery.record.value or b""):
            delivery = replace(delivery, event=await self._bodies.opened(delivery.event, self._leave))
        outcome = await self._inner.handle(delivery, state)
        outputs = [
            replace(output, event=await self._bodies.closed(output.event)) if isinstance(output, Emit) else output
            for output in outcome.outputs
        ]
        return replace(outcome, outputs=tuple(outputs))


class WithBodiesAtHand:
    """Runs a handler that asks for bodies as it goes, and never waits between its start and its end.

    Args:
        inner: the service's own. It is run anew until it has all that it asks for: until then it must count nothing,
            and change nothing but what it makes anew where that does not agree with the state.
        at_hand: where it asks.
        bodies: reads and writes them.
    """

    def __init__(self, inner: Handler, at_hand: BodiesAtHand, bodies: Bodies) -> None:
        self._inner = inner
        self._at_hand = at_hand
        self._bodies = bodies

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        """Have a delivery handled; what was set aside has been laid down then.

        Raises:
            StoreAway: the store cannot be reached just now; nothing was done.
        """
        outcome = await self._handled(delivery, state)
        for tenant, reference, data in self._at_hand.taken_aside():
            await self._bodies.put(tenant, reference, data)
        return outcome

    async def _handled(self, delivery: Delivery, state: State) -> Outcome:
        values: dict[Key, Any] = {}
        while True:
            self._at_hand.lay_out(values)
            try:
                return await self._inner.handle(delivery, state)
            except NotAtHand as missing:
                for key in missing.wanted:
                    values[key] = await self._read(key)

    async def _read(self, key: Key) -> Any:
        try:
            return await self._bodies.get(*key)
        except BodyUnusable as error:
            return error
