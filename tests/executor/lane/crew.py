"""Executors of one lane on virtual time, at a simulated account that refuses what is beyond its quota."""

import asyncio
from dataclasses import dataclass, field
from random import Random

from headchef_contracts.events.common import Usage

from headchef.catalogue import Quota as LaneQuota
from headchef.executor.lane.estimate import Demand, Estimator
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.lane import Lane
from headchef.executor.lane.pool import Pool
from headchef.executor.lane.rest import Rest
from headchef.executor.provider import Answered, Faulted, Left
from headchef.runtime.log.port import Record
from headchef.runtime.turns import Turns
from headchef.simulator.bill import Tokens
from headchef.simulator.dialects import Refused
from headchef.simulator.quota import Account
from headchef.simulator.settings import Quota as AccountQuota
from tests.support.virtual_time import LoopClock

TASKS = 12


@dataclass(frozen=True)
class Work:
    """What calls are like.

    Attributes:
        input_tokens: of a prompt, on average.
        output_tokens: of an answer, on average.
        limit: of the output.
        latency_s: of a call, on average.
    """

    input_tokens: int = 400
    output_tokens: int = 200
    limit: int = 1000
    latency_s: float = 2.0


class RoughEstimator(Estimator):
    """Knows the size of a call as an estimate does: 15 % too high."""

    def __init__(self, work: Work) -> None:
        super().__init__({}, counts_tokens=False)
        self._work = work

    def demand_of(self, record: Record) -> Demand:
        """Read the size of the prompt from the record."""
        work, input_tokens = self._work, int(record.value or b"0")
        return Demand("m", 1, input_tokens * 1.15, work.output_tokens * 1.15, work.limit)


@dataclass
class Provider:
    """An account, and what came of the calls to it.

    Attributes:
        account: lets calls in.
        answered: when calls were let in, and the tokens that they used.
        refused: when calls were not.
        rivals: as `answered`, of somebody else who uses the account.
        tells: whether answers say what is left.
    """

    account: Account
    tells: bool = True
    answered: list[tuple[float, Tokens]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    rivals: list[tuple[float, Tokens]] = field(default_factory=list)

    async def ask(self, tokens: Tokens, limit: int, latency_s: float) -> Answered | Faulted:
        """Make a call."""
        clock = LoopClock()
        at_s = clock.monotonic()
        try:
            with self.account.admitted(tokens.input, limit, clock) as admission:
                await clock.sleep(latency_s)
                admission.used = tokens
        except Refused as refused:
            self.refused.append(at_s)
            return Faulted("rate_limited", "slow down", None, 429, refused.wait_s, left=self._left())
        self.answered.append((at_s, tokens))
        usage = Usage(input_tokens=tokens.input, output_tokens=tokens.output)
        return Answered("Hi.", "stop", None, usage, None, 200, self._left())

    def _left(self) -> tuple[Left, ...]:
        standings = self.account.standings(LoopClock().monotonic()) if self.tells else ()
        return tuple(Left(each.resource, each.left, each.full_in_s) for each in standings)


class Executor:
    """One process: some tasks, each with more steps than can ever be done."""

    def __init__(self, provider: Provider, quota: LaneQuota, work: Work, seed: int) -> None:
        clock = LoopClock()
        self._provider, self._work, self._chance = provider, work, Random(seed)
        pool = Pool(quota, clock.monotonic())
        self.lane = Lane(
            pool,
            Halts("default"),
            None,
            Rest("default", 100),
            places=10_000,
            kept_places=0.1,
            turns=Turns(0.1),
            estimator=RoughEstimator(work),
            clock=clock,
        )
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._calls: set[asyncio.Task[None]] = set()

    def tasks(self) -> list[int]:
        """Give those that it works on."""
        return list(self._tasks)

    def start(self, task: int) -> None:
        """Work on a task."""
        self.lane.begun(task, lambda: TASKS, clean=True)
        self._tasks[task] = asyncio.create_task(self._dispatch(task))

    def stop(self, task: int) -> None:
        """Begin nothing more of a task; the calls that are going on end as they do."""
        self._tasks.pop(task).cancel()
        self.lane.ended(task)

    async def close(self) -> None:
        """Stop all."""
        for task in list(self._tasks):
            self.stop(task)
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _dispatch(self, task: int) -> None:
        wake, offset = asyncio.Event(), 0
        try:
            while True:
                size = b"%d" % max(1, round(self._work.input_tokens * self._chance.uniform(0.5, 1.5)))
                record, offset = Record("steps.dispatched.default", task, offset, 0, None, size, ()), offset + 1
                wake.clear()
                while not self.lane.take(record, "interactive", wake):
                    await wake.wait()
                    wake.clear()
                call = asyncio.create_task(self._call(record))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
        finally:
            self.lane.forget("interactive", wake)

    async def _call(self, record: Record) -> None:
        work, draw = self._work, self._chance.uniform
        output = min(work.limit, round(work.output_tokens * draw(0.5, 1.5)))
        tokens = Tokens(int(record.value or b"0"), output)
        self.lane.calling(record, "m")
        try:
            reply = await self._provider.ask(tokens, work.limit, work.latency_s * draw(0.5, 1.5))
            self.lane.called(record, reply)
        finally:
            self.lane.release(record)


def provider_with(quota: AccountQuota, *, tells: bool = True) -> Provider:
    """Open an account with a quota."""
    return Provider(Account(quota, LoopClock().monotonic()), tells)


async def compete(provider: Provider, requests_per_minute: float, work: Work) -> None:
    """Use the account at a steady rate, whatever it says."""
    tokens = Tokens(work.input_tokens, work.output_tokens)
    async with asyncio.TaskGroup() as calls:
        while True:
            calls.create_task(provider.ask(tokens, work.limit, work.latency_s))
            await asyncio.sleep(60 / requests_per_minute)
