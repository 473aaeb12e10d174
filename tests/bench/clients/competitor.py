"""Somebody else who uses the account: so much a minute at a steady rate, whatever the provider says."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from headchef.runtime.clock import Clock
from tests.bench.clients.account import Ask

_MINUTE_S = 60.0


class Competitor:
    """Makes calls at even distances, by what they have come to so far.

    Args:
        ask: makes a call.
        clock: for the distances.
        bill: what comes of its calls is added here, by the names of `bill_of`.
        used: reads the amount of one resource from a bill.
        a_minute: of that resource, which it uses if all its calls are answered.
    """

    def __init__(
        self,
        ask: Ask,
        clock: Clock,
        bill: Counter[str],
        used: Callable[[Mapping[str, float]], float],
        a_minute: float,
    ) -> None:
        self._ask, self._clock, self._bill = ask, clock, bill
        self._used, self._a_second = used, a_minute / _MINUTE_S

    async def run(self, bodies: Iterable[bytes]) -> None:
        """Make these calls; the first ones alone, until one tells what a call comes to.

        Args:
            bodies: of chat completions.
        """
        async with asyncio.TaskGroup() as calls:
            for body in bodies:
                if answered := self._bill["answered"]:
                    calls.create_task(self._call(body))
                    await self._clock.sleep(self._used(self._bill) / answered / self._a_second)
                else:
                    await self._call(body)

    async def _call(self, body: bytes) -> None:
        self._bill.update((await self._ask(body)).bill)
