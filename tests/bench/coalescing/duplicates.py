"""Bulk steps of which one in a hundred asks what another is asking, for an hour: what else is held up meanwhile.

On virtual time and the log in memory, with the cache's own code: an hour takes no time, and nobody's machine matters.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from headchef_contracts.events.steps import StepPlanned
from headchef_contracts.topics import physical

from headchef.runtime.log.port import Partition
from tests.cache.behaviour.world import CAME, CacheWorld
from tests.cache.builders import make_planned, make_settled
from tests.support.eventually import eventually
from tests.support.memory_backend import MemoryBackend
from tests.support.virtual_time import run_virtually

Figures = dict[str, float]

HOUR_S = 3600.0
_AT_ONCE = 1_000
_LONG_S = 4 * HOUR_S


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is run.

    Attributes:
        steps: of bulk jobs.
        duplicates: of those, as many ask what another of them does.
        probes: steps of other questions that come one by one while the others wait, half of them bulk.
    """

    steps: int = 50_000
    duplicates: int = 500
    probes: int = 100


def duplicates(amounts: Amounts = Amounts()) -> Figures:
    """Measure two processes of the cache, with four tasks."""
    return run_virtually(_measured(amounts))


async def _measured(amounts: Amounts) -> Figures:
    backend = MemoryBackend()
    world = CacheWorld(backend)
    world.settings = world.settings.model_copy(update={"bulk_wait_s": 2 * HOUR_S})
    try:
        await world.make_topics()
        for name in ("one", "two"):
            world.begin(name, session_timeout_s=30.0, heartbeat_s=10.0)
        return await _Run(world, backend, amounts).figures()
    finally:
        await world.close()
        await backend.close()


class _Run:
    def __init__(self, world: CacheWorld, backend: MemoryBackend, amounts: Amounts) -> None:
        self._world = world
        self._cluster = backend.cluster
        self._amounts = amounts
        self._came = [
            Partition(physical(world.namespace, topic), number) for topic in CAME for number in range(world.partitions)
        ]

    async def figures(self) -> Figures:
        """Let all come, look at others for an hour, and answer those that were asked."""
        alone = self._amounts.steps - self._amounts.duplicates
        asked = [self._bulk(f"Question {number}.", f"job-{number}") for number in range(alone)]
        again = [self._bulk(f"Question {number}.", f"again-{number}") for number in range(self._amounts.duplicates)]
        await self._tell([*asked, *again])
        await self._world.until_done(within_s=_LONG_S)
        sent = self._count()
        waits_s = [await self._probe(number) for number in range(self._amounts.probes)]
        answered_from = self._world.clock.monotonic()
        for number in range(self._amounts.duplicates):
            await self._world.tell(make_settled(f"Question {number}.", job_id=f"job-{number}"))
        before = sent + self._amounts.probes
        await eventually(lambda: self._count() >= before + self._amounts.duplicates, within_s=_LONG_S)
        took_s = self._world.clock.monotonic() - answered_from
        if sent != alone or self._count() != before + self._amounts.duplicates:
            raise RuntimeError(f"not what was to be measured: {sent} of {alone} were sent, and {self._count()} in all")
        cuts = statistics.quantiles(waits_s, n=100, method="inclusive")
        return {
            "coalescing.duplicates.steps": self._amounts.steps,
            "coalescing.duplicates.waiting": self._amounts.duplicates,
            "coalescing.duplicates.sent": sent,
            "coalescing.duplicates.p50_ms": cuts[49] * 1000,
            "coalescing.duplicates.p99_ms": cuts[98] * 1000,
            "coalescing.duplicates.hours": answered_from / HOUR_S,
            "coalescing.duplicates.answered_s": took_s,
        }

    async def _probe(self, number: int) -> float:
        """Let a step of another question come, and give how long it took to go on, in seconds."""
        await self._world.clock.sleep(HOUR_S / self._amounts.probes)
        ends = {each: self._cluster.partition(each).end for each in self._came}
        job = f"probe-{number}"
        planned = make_planned(f"Probe {number}.", job_id=job, job_class="bulk" if number % 2 else "interactive")
        began_s = self._world.clock.monotonic()
        await self._world.tell(planned)

        def gone_on() -> bool:
            return any(
                job.encode() in (record.value or b"")
                for each, end in ends.items()
                for record in self._cluster.partition(each).records(committed=True, since=end)
            )

        await eventually(gone_on, within_s=HOUR_S)
        return self._world.clock.monotonic() - began_s

    async def _tell(self, planned: Sequence[StepPlanned]) -> None:
        for first in range(0, len(planned), _AT_ONCE):
            await self._world.tell(*planned[first : first + _AT_ONCE])

    def _bulk(self, prompt: str, job_id: str) -> StepPlanned:
        return make_planned(prompt, job_id=job_id, job_class="bulk")

    def _count(self) -> int:
        return sum(len(self._cluster.partition(each).records(committed=True)) for each in self._came)
