"""The processor as the host gets it: on a log, with functions in processes of their own."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from headchef_contracts import topics
from headchef_contracts.events.calls import CallPlanned
from headchef_contracts.registry import encode

from headchef import tenancy
from headchef.bodies import WithBodies
from headchef.functions.__main__ import assemble
from headchef.functions.settings import FunctionsSettings
from headchef.runtime.host import Host
from headchef.runtime.log.memory import Cluster, MemoryLog
from headchef.runtime.log.port import NewRecord
from headchef.runtime.processor import pair
from headchef.runtime.settings import BadSettings, RuntimeSettings
from headchef.runtime.surroundings import Surroundings
from headchef.runtime.telemetry.metrics import Metrics
from headchef.runtime.telemetry.setup import Telemetry
from tests.functions.planned import headers_of
from tests.support.builders import PARTITIONS, make_call, make_head, make_record
from tests.support.eventually import eventually
from tests.support.log_client import publish
from tests.support.manual_clock import ManualClock
from tests.support.virtual_time import LoopClock


class Always:
    async def wait(self) -> None:
        return


async def test_it_reads_both_classes_of_calls_and_starts_no_process_before_the_first() -> None:
    before = set(psutil.Process().children())
    async with assemble(Surroundings(ManualClock(), random.Random(0), Always(), Metrics())) as processor:
        assert (processor.name, processor.order, processor.stores) == ("functions", "concurrent", ())
        assert processor.inputs == pair("calls.planned", flow=tenancy.of_call)
        assert processor.concurrency == FunctionsSettings().processes == 2
        assert set(psutil.Process().children()) <= before


@pytest.mark.parametrize(("variable", "value"), [("PROCESSES", "0"), ("MAX_OUTPUT_BYTES", "4194304")])
async def test_wrong_settings_name_their_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(f"HEADCHEF_FUNCTIONS_{variable}", value)
    with pytest.raises(BadSettings, match=f"HEADCHEF_FUNCTIONS_{variable}"):
        async with assemble(Surroundings(ManualClock(), random.Random(0), Always(), Metrics())):
            pass


async def test_outputs_may_be_larger_where_a_store_takes_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEADCHEF_FUNCTIONS_MAX_OUTPUT_BYTES", "67108864")
    monkeypatch.setenv("HEADCHEF_BODIES", tmp_path.as_uri())
    async with assemble(Surroundings(ManualClock(), random.Random(0), Always(), Metrics())) as processor:
        assert isinstance(processor.handler, WithBodies)


@pytest.mark.parametrize(
    ("value", "tenant"),
    [
        (encode(make_call(job=make_head(tenant="acme"))), "acme"),
        (encode(make_call()), "default"),
        (b"{}", tenancy.NOBODY),
        (b"no JSON", tenancy.NOBODY),
        (None, tenancy.NOBODY),
    ],
)
def test_calls_take_turns_by_tenant(value: bytes | None, tenant: str) -> None:
    assert tenancy.of_call(make_record(value)) == tenant


class Kitchen:
    """A host that runs the processor on a log in memory."""

    def __init__(self, host: Host, cluster: Cluster, stop: asyncio.Event, running: "asyncio.Future[None]") -> None:
        self.ready = host.ready
        self._log = MemoryLog(cluster)
        self._cluster = cluster
        self._stop = stop
        self._running = running

    async def plan(self, *events: CallPlanned) -> None:
        """Publish planned calls."""
        name = topics.physical("headchef", "calls.planned")
        await publish(self._log, [NewRecord(name, encode(each), headers=tuple(headers_of(each))) for each in events])

    def ended(self) -> Sequence[dict[str, Any]]:
        """Give what has come of calls, as a read_committed reader sees it."""
        records = self._cluster.read_committed(topics.physical("headchef", "calls.ended"))
        return [orjson.loads(record.value or b"") for record in records]

    async def drain(self) -> None:
        """Tell the host to end, and wait until it has."""
        self._stop.set()
        await self._running


@asynccontextmanager
async def kitchen(lock_dir: Path) -> AsyncIterator[Kitchen]:
    cluster, stop = Cluster(LoopClock()), asyncio.Event()
    for topic in topics.required(["default"]):
        cluster.create_topic(topics.physical("headchef", topic.logical), PARTITIONS)
    log = MemoryLog(cluster)
    host = Host(
        [assemble],
        log=log,
        settings=RuntimeSettings(lock_dir=lock_dir),
        telemetry=Telemetry(),
        clock=LoopClock(),
        chance=random.Random(1),
    )
    running = asyncio.ensure_future(host.run(stop))
    try:
        yield Kitchen(host, cluster, stop, running)
    finally:
        stop.set()
        await running
        await log.close()
        cluster.close()


@pytest.mark.usefixtures("installed")
async def test_one_that_does_not_end_holds_up_no_other(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as running:
        await running.plan(waiting(tmp_path), make_call("kitchen.jion", job=make_head("unknown")))
        await running.plan(*(make_call(job=make_head(f"job-{number}")) for number in range(5)))
        await eventually(lambda: len(running.ended()) == 6)
        came = {each["job"]["job_id"]: each for each in running.ended()}
        assert {came[f"job-{number}"]["output"]["inline"]["text"] for number in range(5)} == {"a, b"}
        assert came["unknown"]["failure"]["reason"] == "unknown_function"
        assert "did you mean kitchen.join?" in came["unknown"]["failure"]["message"]
        (tmp_path / "go").write_text("done")
        await eventually(lambda: len(running.ended()) == 7)


@pytest.mark.usefixtures("installed")
async def test_a_drain_waits_for_a_call_and_ends_the_processes(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as running:
        await running.plan(waiting(tmp_path))
        begun = tmp_path / "begun"
        pid = int(await eventually(lambda: begun.exists() and begun.read_text()))
        draining = asyncio.ensure_future(running.drain())
        await eventually(lambda: "leaving" in (running.ready() or ""))
        (tmp_path / "go").write_text("done")
        await draining
        [came] = running.ended()
        assert came["output"]["inline"] == "done"
        assert not psutil.pid_exists(pid)


def waiting(folder: Path) -> CallPlanned:
    """Give a call that ends when there is a file, and writes down that it has begun."""
    arguments = {"path": str(folder / "go"), "begun": str(folder / "begun")}
    return make_call("kitchen.wait_for", arguments=arguments, job=make_head("waiting"))
