"""Assembles the router, and runs it: `python -m headchef.router`."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from headchef_contracts import topics

from headchef import catalogue, checks, equality, tenancy
from headchef.bodies import Bodies, BodiesAtHand, WithBodies, WithBodiesAtHand
from headchef.bodies.opening import open_bodies
from headchef.brakes import BrakesInForce
from headchef.homes import HOMES
from headchef.judgements import PLANNED
from headchef.router import commands
from headchef.router.handler import RouterHandler
from headchef.router.leading import JOBS, CancelledReviews, Leader, Memory, Remains, Shelf
from headchef.router.overload import OverloadPolicy, OverloadState
from headchef.router.purses import PARKED, PURSES, Till
from headchef.router.settings import RouterSettings
from headchef.router.submission import SEEN, Limits
from headchef.runtime.backlog import Backlog
from headchef.runtime.host import run
from headchef.runtime.processor import Input, Processor, Store, pair
from headchef.runtime.settings import load
from headchef.runtime.surroundings import Surroundings
from headchef.schema import SchemaCache
from headchef.template import Renderer
from headchef.tenants import TenantsInForce
from headchef.workflow.library import Library
from headchef.workflow.progress import Judge

NAME = "router"
ENDS = (
    "steps.judged",
    "calls.ended",
    "fetches.ended",
    "retrievals.ended",
    "reservations.answered",
    "budgets.answered",
)
"""What comes back of what a router has given out, or asked."""
_COUNTING = "batches"


@asynccontextmanager
async def assemble(surroundings: Surroundings) -> AsyncIterator[Processor]:
    """Build the router from the environment's settings.

    Args:
        surroundings: what the host lends.

    Raises:
        BadSettings: a setting is wrong, or the file of models.
    """
    settings = load(RouterSettings)
    bodies = open_bodies(surroundings.clock, surroundings.metrics)
    yield processor(settings, catalogue.load(settings.catalogue), surroundings, bodies=bodies)


def processor(
    settings: RouterSettings,
    models: catalogue.Catalogue,
    surroundings: Surroundings,
    homes: int = HOMES,
    bodies: Bodies | None = None,
) -> Processor:
    """Tell the runtime of the router.

    Args:
        settings: its limits.
        models: what it routes to until a catalogue is published.
        surroundings: what the host lends.
        homes: accounts are kept in so many partitions, the first ones.
        bodies: reads and writes what is large in jobs, steps and state; None where no store is set.
    """
    backlog = Backlog(_work(models.lanes, settings.entries))
    lanes = set(models.lanes)

    async def adopt(found: catalogue.Catalogue) -> None:
        # A lane that has gone may have work that waits.
        lanes.update(found.lanes)
        backlog.watched = _work(lanes, settings.entries)
        handler.catalogue = found

    registry, schemas = checks.installed(), SchemaCache(settings.max_schemas)
    renderer = Renderer(max_templates=settings.max_templates, max_work=settings.max_template_work)
    library, judge = Library(registry), Judge(schemas, registry)
    tenants = TenantsInForce(NAME)
    at_hand = BodiesAtHand(None if bodies is None else bodies.inline_bytes)
    brakes = BrakesInForce(NAME, surroundings.metrics)
    handler = RouterHandler(
        clock=surroundings.clock,
        metrics=surroundings.metrics,
        renderer=renderer,
        schemas=schemas,
        checks=registry,
        judges=equality.installed(),
        limits=Limits(settings.max_job_bytes, settings.max_header_bytes),
        max_prompt_bytes=settings.max_prompt_bytes,
        backlog=backlog,
        overload=OverloadState(OverloadPolicy(settings.refuse_at, settings.accept_below), NAME),
        leader=Leader(
            shelf=Shelf(library),
            renderer=renderer,
            judge=judge,
            memory=Memory(settings.max_units),
            metrics=surroundings.metrics,
            remains=Remains(
                renderer,
                judge,
                timedelta(seconds=settings.keep_failed_s),
                max_jobs=settings.max_kept_jobs,
                max_bytes=settings.max_kept_bytes,
            ),
            silence=timedelta(seconds=settings.max_silence_s),
            homes=homes,
            at_hand=at_hand,
            brakes=brakes.brakes,
        ),
        at_hand=at_hand,
        till=Till(tenants, homes, timedelta(seconds=settings.max_budget_wait_s), at_hand),
        tenants=tenants,
        homes=homes,
        catalogue=models,
    )
    return Processor(
        name=NAME,
        inputs=(
            *pair(topics.door(None), raw=True, flow=tenancy.of_job),
            *(each for entry in settings.entries for each in pair(topics.door(entry), raw=True, flow=tenancy.of_job)),
            Input(commands.TOPIC, raw=True),
            *map(Input, ENDS),
            Input(PLANNED, job_class="bulk"),
        ),
        handler=handler if bodies is None else WithBodies(WithBodiesAtHand(handler, at_hand, bodies), bodies),
        stores=(
            # At least once a job that is known to be taken on must be known to wait for its budget, or to be led.
            Store(PARKED),
            Store(PURSES),
            Store(JOBS),
            Store(SEEN, window_s=topics.topic(f"router.{SEEN}.changelog").retention_ms / 1000),
        ),
        timers=True,
        hold=CancelledReviews(brakes),
        backlog=backlog,
        broadcasts=(
            catalogue.InForce(models, NAME, adopt, surroundings.metrics).broadcast,
            library.broadcast,
            brakes.broadcast,
            tenants.broadcast,
        ),
    )


def _work(lanes: Iterable[str], entries: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Give the inputs that jobs wait in; nobody waits for the counting of batches, so it does not shut the door."""
    return {name: read for name, read in topics.inputs(sorted(lanes), entries).items() if name != _COUNTING}


def main() -> None:
    """Run the router as a process of its own."""
    run(assemble, NAME)


if __name__ == "__main__":
    main()
