"""Runs an executor as a process of its own: `python -m headchef.executor`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headchef_contracts.events.steps import Step

from headchef import tenancy
from headchef.bodies import Bodies, WithBodies
from headchef.bodies.opening import open_bodies
from headchef.brakes import BrakesInForce
from headchef.catalogue import Catalogue, InForce, Quota
from headchef.catalogue import load as load_catalogue
from headchef.executor.account import Accounts
from headchef.executor.calling import open_provider
from headchef.executor.handler import ExecutorHandler
from headchef.executor.hold import StepHold
from headchef.executor.lane.estimate import Estimator
from headchef.executor.lane.halts import Halts
from headchef.executor.lane.lane import Lane
from headchef.executor.lane.pace import Pace
from headchef.executor.lane.pool import Pool
from headchef.executor.lane.rest import Rest
from headchef.executor.policy import RetryPolicy
from headchef.executor.settings import Settings
from headchef.runtime.host import run
from headchef.runtime.processor import Processor, pair
from headchef.runtime.settings import RuntimeSettings, load
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.turns import Turns


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the executor of one lane from the environment's settings.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong, or the file of models.
    """
    settings = load(Settings)
    retry = RetryPolicy(max_attempts=settings.max_attempts, window_s=settings.retry_window_s)
    accounts = Accounts(
        settings.lane,
        os.environ,
        lambda endpoint, account: open_provider(endpoint, account, settings, surroundings.clock),
    )
    try:
        turns = Turns(load(RuntimeSettings).bulk_share)
        catalogue, bodies = load_catalogue(settings.catalogue), open_bodies(surroundings.clock, surroundings.metrics)
        yield processor(catalogue, accounts, settings, retry, turns, surroundings, bodies)
    finally:
        await accounts.close()


def open_lane(settings: Settings, surroundings: Surroundings, turns: Turns) -> Lane:
    """Give what keeps a lane within its quota; a catalogue will tell it of that, and of the models.

    Args:
        settings: which lane, and how many calls at once in this process.
        surroundings: clock and metrics.
        turns: whose turn it is where both classes of work wait.
    """
    clock = surroundings.clock
    halts = Halts(settings.lane)
    lane = Lane(
        Pool(Quota(), clock.monotonic(), settings.kept_places),
        halts,
        Pace(settings.concurrency),
        Rest(settings.lane, settings.call_timeout_s),
        places=settings.concurrency,
        kept_places=settings.kept_places,
        turns=turns,
        estimator=Estimator({}, counts_tokens=False),
        clock=clock,
    )
    surroundings.metrics.gauge(
        "headchef.lane.concurrency",
        lambda: [(limit, {"lane": settings.lane})] if (limit := lane.at_once()) is not None else [],
    )
    surroundings.metrics.gauge(
        "headchef.lane.halted",
        lambda: [
            (1, {"lane": settings.lane, "model": model or "", "reason": why.reason}) for model, why in halts.standing()
        ],
    )
    surroundings.metrics.gauge(
        "headchef.lane.left",
        lambda: [(left, {"lane": settings.lane, "resource": resource}) for resource, left in lane.levels().items()],
    )
    surroundings.metrics.gauge("headchef.lane.resting", lambda: [(lane.at_rest(), {"lane": settings.lane})])
    return lane


def processor(
    catalogue: Catalogue,
    accounts: Accounts,
    settings: Settings,
    retry: RetryPolicy,
    turns: Turns,
    surroundings: Surroundings,
    bodies: Bodies | None = None,
) -> Processor:
    """Tell the runtime of the executor of one lane.

    Args:
        catalogue: of the file, in force until one is published.
        accounts: opened by the catalogue that is in force.
        settings: which lane, and how many calls at once; as many steps may wait to be tried again.
        retry: limits of trying again.
        turns: whose turn it is where both classes of work wait.
        surroundings: what the host lends.
        bodies: reads messages, and writes answers, that are large; None where no store is set.
    """
    name, lane = f"executor.{settings.lane}", open_lane(settings, surroundings, turns)

    async def adopt(found: Catalogue) -> None:
        await accounts.use(found)
        ours = found.lanes[settings.lane]
        lane.change(ours.quota, found.models, ours.active_partitions)

    brakes = BrakesInForce(name, surroundings.metrics)
    handler = ExecutorHandler(
        lane=settings.lane,
        equip=accounts.equipment,
        retry=retry,
        clock=surroundings.clock,
        random=surroundings.random,
        permit=surroundings.permit,
        brakes=brakes.brakes,
        quota=lane,
        metrics=surroundings.metrics,
        bodies=bodies,
    )
    return Processor(
        name=name,
        inputs=pair(f"steps.dispatched.{settings.lane}", flow=tenancy.of_step),
        # Of what comes in messages alone are read, for the call: what is passed on stays where it is.
        handler=handler if bodies is None else WithBodies(handler, bodies, leave=Step),
        timers=True,
        waiting=settings.concurrency,
        order="concurrent",
        concurrency=settings.concurrency,
        admission=lane,
        hold=StepHold(brakes, lane.active, handler),
        most_held=settings.most_held,
        broadcasts=(InForce(catalogue, name, adopt, surroundings.metrics).broadcast, brakes.broadcast),
    )


def main() -> None:
    """Run until told to stop."""
    run(assemble, "executor")


if __name__ == "__main__":
    main()
