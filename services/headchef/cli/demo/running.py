"""Runs the demo: broker, simulator and services in one place, the jobs through them, and out come the outcomes."""

import asyncio
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from headchef_contracts import topics
from headchef_contracts.events.jobs import JobSubmitted

from headchef.cli.amounts import dollars
from headchef.cli.broadcast import entry
from headchef.cli.broadcast import publish as publish_entry
from headchef.cli.demo.cooking import Cooking, CookingPolicy, CookingState, Publish
from headchef.cli.demo.data import cities
from headchef.cli.demo.jobs import DemoJob, repeated
from headchef.cli.demo.sources import HOST, host_of, landing_workflow, serving_facts
from headchef.cli.faults import WorkFailed
from headchef.cli.following.feed import open_feed
from headchef.cli.interrupts import stop_on_signals
from headchef.cli.kitchen.broker import broker, make_topics
from headchef.cli.kitchen.environment import environment
from headchef.cli.kitchen.menu import Menu
from headchef.cli.kitchen.services import Stand, run_services
from headchef.cli.kitchen.simulator import simulator
from headchef.cli.screen import Screen
from headchef.cli.submission.publishing import publish_all
from headchef.runtime.clock import SystemClock
from headchef.runtime.log.kafka.log import KafkaLog
from headchef.runtime.log.port import Log, Producer
from headchef.workflow.published import TOPIC, publication

T = TypeVar("T")

_NAMESPACE = "headchef-demo"
_PATIENCE_S = 30.0
_START_S = 90.0
_STALL_S = 120.0
_SIMULATED = {
    "HEADCHEF_SIMULATOR_LATENCY_MEDIAN_S": "0.25",
    "HEADCHEF_SIMULATOR_RATES__SCHEMA_VIOLATION": "0.01",
    "HEADCHEF_SIMULATOR_RATES__SERVER_ERROR": "0.02",
}
"""A provider as they are: a quarter of a second a call, one error in fifty, one answer in a hundred off its schema."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run.

    Attributes:
        batch: id of the batch.
        source: an open port, at which the facts of cities are served.
        jobs: of the first round; a tenth of them is repeated in the second.
        menu: which model answers.
        in_flight: jobs under way at once.
        cap_usd: nothing is submitted once this is spent; None sets no cap.
        keep: go on serving after the last job until Ctrl-C.
    """

    batch: str
    source: socket.socket
    jobs: Sequence[DemoJob]
    menu: Menu
    in_flight: int
    cap_usd: Decimal | None
    keep: bool


@dataclass(frozen=True, slots=True)
class Served:
    """What came of it.

    Attributes:
        jobs: both rounds, in the order of submission.
        state: outcomes and cost.
        interrupted: whether somebody pressed Ctrl-C before the end.
    """

    jobs: Sequence[DemoJob]
    state: CookingState
    interrupted: bool


async def run_demo(plan: Plan, screen: Screen, present: Callable[[Served], None]) -> Served:
    """Run the whole demo.

    Args:
        plan: what to run.
        screen: told what is going on.
        present: shows what came of it, before the services are drained.

    Raises:
        WorkFailed: something did not start, or no results came.
        HeadchefError: a service failed.
    """
    with stop_on_signals() as stop:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headchef-demo-")))
            await _set_up(plan.menu, folder, stack, screen)
            stand = await stack.enter_async_context(broker(screen, port=None))
            await make_topics(stand, screen, _PATIENCE_S)
            facts = {row["id"]: row["facts"] for row in cities()}
            await stack.enter_async_context(serving_facts(plan.source, facts))
            log = KafkaLog(stand.kafka)
            stack.push_async_callback(log.close)
            await _publish_workflow(plan, log, folder)
            services = await stack.enter_async_context(_serving(stand, stop, screen))
            served = await _alongside(_serve(plan, log, stop, screen), services)
            present(served)
            if plan.keep and not stop.is_set():
                _say_how_to_look(stand, screen)
                await _alongside(stop.wait(), services)
            return served


async def _publish_workflow(plan: Plan, log: Log, folder: Path) -> None:
    """Publish it before the services start: they take it up before the first job."""
    at = datetime.now(UTC)
    event = publication(landing_workflow(plan.batch, host_of(plan.source), folder), at)
    producer = log.producer("headchef-demo-workflow", None)
    await producer.start()
    try:
        await publish_entry(producer, entry(event, TOPIC, _NAMESPACE, at))
    finally:
        await producer.close()


async def _set_up(menu: Menu, folder: Path, stack: AsyncExitStack, screen: Screen) -> None:
    settings = {
        "HEADCHEF_NAMESPACE": _NAMESPACE,
        "HEADCHEF_CACHE_FOLDER": str(folder / "answers"),
        "HEADCHEF_SOURCES_PRIVATE_HOSTS": HOST,
    }
    if menu.kind == "simulator":
        settings["HEADCHEF_SIMULATOR_URL"] = await stack.enter_async_context(simulator(_SIMULATED))
        screen.say(f"Model: the simulator at {settings['HEADCHEF_SIMULATOR_URL']}; its texts are marked as simulated")
    if menu.catalogue is not None:
        path = folder / "catalogue.yaml"
        path.write_text(menu.catalogue, "utf-8")
        settings["HEADCHEF_CATALOGUE"] = str(path)
        screen.say(f"Model: {menu.model} at the endpoint that OPENAI_BASE_URL names, or OpenAI's")
    stack.enter_context(environment(settings))


@asynccontextmanager
async def _serving(stand: Stand, stop: asyncio.Event, screen: Screen) -> AsyncIterator[asyncio.Task[None]]:
    """Run the services while the block runs, and drain them behind it."""
    drain, ready = asyncio.Event(), asyncio.Event()
    services = asyncio.create_task(run_services(stand, drain, ready.set))
    try:
        with screen.progress("starting the services"):
            await _alongside(asyncio.wait_for(_either(ready, stop), _START_S), services)
        yield services
    except TimeoutError as error:
        raise WorkFailed(f"the services were not ready within {_START_S:.0f} s", "their log says why") from error
    finally:
        drain.set()
        if stand.embedded:
            # Its log ends with us: there is nobody to hand tasks over to, and each of its joins takes seconds.
            services.cancel()
        await asyncio.wait([services])
        failure = None if services.cancelled() else services.exception()
        # What the block itself raised says more than how the services ended.
        if failure is not None and sys.exc_info()[1] is None:
            raise failure


async def _either(ready: asyncio.Event, stop: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in (ready, stop)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()


async def _alongside(work: Awaitable[T], services: asyncio.Task[None]) -> T:
    """Await work; when the services end first, end with what they ended with."""
    working = asyncio.ensure_future(work)
    await asyncio.wait({working, services}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        return working.result()
    working.cancel()
    services.result()
    raise WorkFailed("the services ended before the work was done", "their log says why")


async def _serve(plan: Plan, log: Log, stop: asyncio.Event, screen: Screen) -> Served:
    feed = await open_feed(log, _NAMESPACE, "now")
    producer = log.producer("headchef-demo", None)
    await producer.start()
    policy = CookingPolicy(plan.in_flight, plan.cap_usd, _STALL_S)
    again = repeated(list(plan.jobs))
    with screen.progress("jobs", len(plan.jobs) + len(again)) as meter:
        cooking = Cooking(
            feed,
            await _publisher(log, producer),
            policy,
            stop=stop,
            clock=SystemClock(),
            progress=lambda state: meter.update(len(state.outcomes), note=dollars(state.spent_usd)),
        )
        try:
            await cooking.cook([each.job for each in plan.jobs])
            if not cooking.state.left_out:
                await cooking.cook([each.job for each in again])
        finally:
            await producer.close()
            await feed.close()
    return Served([*plan.jobs, *again], cooking.state, stop.is_set())


async def _publisher(log: Log, producer: Producer) -> Publish:
    physical = topics.physical(_NAMESPACE, "jobs.submitted")
    partitions = (await log.partition_counts([physical]))[physical]

    async def publish(jobs: Sequence[JobSubmitted]) -> None:
        never = asyncio.Event()
        sent = await publish_all(
            jobs, producer, namespace=_NAMESPACE, partitions=partitions, job_class="interactive", stop=never
        )
        if sent.acknowledged < len(jobs):
            raise WorkFailed(f"Kafka did not take all jobs: {sent.stopped or sent.refused[0][1]}")

    return publish


def _say_how_to_look(stand: Stand, screen: Screen) -> None:
    setting = f"HEADCHEF_KAFKA={stand.kafka.bootstrap} HEADCHEF_NAMESPACE={_NAMESPACE}"
    screen.say(f"Still serving; Ctrl-C ends. In another terminal: {setting} headchef results", "bold")
