"""A job's trace goes through the runtime and real services, whether or not spans are exported."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from headchef_contracts import topics
from headchef_contracts.events.steps import StepPlanned

import headchef.router.__main__ as router
import headchef.validator.__main__ as validator
from headchef.runtime.host import Host
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.port import NewRecord
from headchef.runtime.processor import Delivery, Emit, Input, Outcome, Processor, State
from headchef.runtime.settings import RuntimeSettings
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.setup import Telemetry
from tests.support.builders import make_completed, make_job
from tests.support.eventually import eventually
from tests.support.virtual_time import LoopClock
from tests.telemetry.deliveries import PARENT, TRACE_ID


class Answering:
    """Stands in for cache and executor: answers every step at once."""

    async def handle(self, delivery: Delivery, state: State) -> Outcome:
        assert isinstance(delivery.event, StepPlanned)
        return Outcome((Emit("steps.completed", make_completed(step=delivery.event.step)),))


@asynccontextmanager
async def answering(surroundings: Surroundings) -> AsyncIterator[Processor]:
    yield Processor("cache", (Input("steps.planned"),), Answering())


async def finished_headers(telemetry: Telemetry, lock_dir: Path) -> Mapping[str, bytes]:
    """Send one job with a trace through router, stand-in and validator; give the headers of its result."""
    cluster = Cluster(LoopClock())
    for topic in topics.required(["default"]):
        cluster.create_topic(topics.physical("headchef", topic.logical), 2)
    log, stop = MemoryLog(cluster), asyncio.Event()
    host = Host(
        [router.assemble, answering, validator.assemble],
        log=log,
        settings=RuntimeSettings(lock_dir=lock_dir),
        telemetry=telemetry,
        clock=LoopClock(),
        chance=random.Random(1),
    )
    running = asyncio.ensure_future(host.run(stop))
    job = NewRecord(
        topics.physical("headchef", "jobs.submitted"),
        orjson.dumps(make_job()),
        key=b"job-1",
        headers=(("traceparent", PARENT), ("tracestate", b"vendor=1")),
    )
    producer = log.producer("upstream", None)
    await producer.start()
    for sent in await producer.send([job]):
        await sent
    await producer.close()
    finished = topics.physical("headchef", "jobs.finished")
    [result] = await eventually(lambda: cluster.read_committed(finished))
    stop.set()
    await running
    await log.close()
    cluster.close()
    return {name: value or b"" for name, value in result.headers}


async def test_one_trace_from_the_job_to_its_result(tmp_path: Path) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    headers = await finished_headers(Telemetry(tracers=provider), tmp_path)

    assert headers["traceparent"].decode().split("-")[1] == TRACE_ID
    assert headers["tracestate"] == b"vendor=1"
    spans = {span.name: span for span in exporter.get_finished_spans()}
    ids = {span.context.span_id: name for name, span in spans.items() if span.context is not None}
    way, span = [], spans["send jobs.finished"]
    while span.parent is not None and span.parent.span_id in ids:
        way.append(span.name)
        span = spans[ids[span.parent.span_id]]
    assert [*way, span.name] == [
        "send jobs.finished",
        "process steps.completed",
        "send steps.completed",
        "process steps.planned",
        "send steps.planned",
        "process jobs.submitted",
    ]
    assert {"poll", "commit"} <= set(spans)


async def test_the_context_goes_through_untouched_when_nobody_listens(tmp_path: Path) -> None:
    headers = await finished_headers(Telemetry(), tmp_path)
    assert headers["traceparent"] == PARENT
    assert headers["tracestate"] == b"vendor=1"
