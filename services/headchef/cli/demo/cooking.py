"""Submits jobs no faster than they may be under way, follows them to their ends, and stops at the spend cap."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from headchef_contracts.events.jobs import JobFinished, JobSubmitted

from headchef.cli.faults import WorkFailed
from headchef.cli.following.feed import Feed, Outcome
from headchef.runtime.clock import Clock

_POLL_S = 0.1

Publish = Callable[[Sequence[JobSubmitted]], Awaitable[None]]
"""Publishes jobs and returns when all are acknowledged."""


@dataclass(frozen=True, slots=True)
class CookingPolicy:
    """How much may be under way.

    Attributes:
        in_flight: jobs submitted and not finished, at most; so many may be paid for beyond the cap.
        cap_usd: nothing is submitted once the recorded cost has reached this; None sets no cap.
        stall_s: seconds without any outcome before giving up.
    """

    in_flight: int
    cap_usd: Decimal | None
    stall_s: float


@dataclass(slots=True)
class CookingState:
    """How far it is.

    Attributes:
        outcomes: by job id.
        spent_usd: recorded cost.
        left_out: jobs that were not submitted because of the cap or an interruption.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    spent_usd: Decimal = Decimal(0)
    left_out: int = 0

    def take(self, job_id: str, outcome: Outcome) -> None:
        """Note the outcome of a job."""
        self.outcomes[job_id] = outcome
        if isinstance(outcome.event, JobFinished) and outcome.event.cost_usd is not None:
            self.spent_usd += outcome.event.cost_usd


class Cooking:
    """One or several rounds of jobs.

    Args:
        feed: opened before the first job is submitted.
        publish: publishes jobs.
        policy: how much may be under way.
        stop: set from outside to submit no more.
        clock: for the stall.
        progress: told after each look how many are done, and what was spent.
    """

    def __init__(
        self,
        feed: Feed,
        publish: Publish,
        policy: CookingPolicy,
        *,
        stop: asyncio.Event,
        clock: Clock,
        progress: Callable[[CookingState], None],
    ) -> None:
        self.state = CookingState()
        self._feed = feed
        self._publish = publish
        self._policy = policy
        self._stop = stop
        self._clock = clock
        self._progress = progress

    async def cook(self, jobs: Sequence[JobSubmitted]) -> None:
        """Bring jobs to their ends.

        Raises:
            WorkFailed: nothing came for too long.
        """
        waiting, under_way = deque(jobs), set[str]()
        last = self._clock.monotonic()
        while True:
            if self._may_go_on():
                last = await self._submit(waiting, under_way) or last
            if not under_way or self._stop.is_set():
                break
            for outcome in await self._feed.next(_POLL_S):
                if outcome.job_id in under_way:
                    under_way.discard(outcome.job_id)
                    self.state.take(outcome.job_id, await self._feed.opened(outcome))
                    last = self._clock.monotonic()
            self._progress(self.state)
            if self._clock.monotonic() - last > self._policy.stall_s:
                raise WorkFailed(
                    f"no result came for {self._policy.stall_s:.0f} s; {len(under_way)} jobs are under way"
                )
        self.state.left_out += len(waiting)

    def _may_go_on(self) -> bool:
        cap_usd = self._policy.cap_usd
        return not self._stop.is_set() and (cap_usd is None or self.state.spent_usd < cap_usd)

    async def _submit(self, waiting: deque[JobSubmitted], under_way: set[str]) -> float | None:
        room = min(self._policy.in_flight - len(under_way), len(waiting))
        if room <= 0:
            return None
        window = [waiting.popleft() for _ in range(room)]
        await self._publish(window)
        under_way.update(job.job_id for job in window)
        return self._clock.monotonic()
