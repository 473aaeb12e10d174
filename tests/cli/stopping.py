"""Jobs that are submitted and end, and what is said and counted of their brakes, for tests of `headchef pause`."""

from datetime import UTC, datetime
from typing import Any

import orjson

from headchef_contracts import placement
from headchef_contracts.events.brakes import BrakeScope
from headchef_contracts.events.common import Event, JobHead

from headchef.brakes import TOPIC
from headchef.cli.braking.reading import Standing, standing
from headchef.cli.braking.scope import Scoped
from headchef.cli.broadcast import entry, publish
from headchef.runtime.log.memory import MemoryLog
from tests.cli.builders import make_finished
from tests.cli.clusters import NAMESPACE, put, put_event

PARTITIONS = 4
ACME = BrakeScope(tenant="acme")


def options(**given: str) -> Scoped:
    return Scoped(**(dict.fromkeys(("tenant", "batch", "lane", "label", "job")) | given))


async def submit(log: MemoryLog, job: dict[str, Any], *, away: bool = False, bulk: bool = False) -> int:
    """Submit a job, to its home or to another partition, and give where."""
    home = placement.home_partition(job["job_id"], job.get("conversation_id"), PARTITIONS)
    number = (home + 1) % PARTITIONS if away else home
    await put(log, "jobs.submitted.bulk" if bulk else "jobs.submitted", orjson.dumps(job), None, number)
    return number


async def finish(log: MemoryLog, head: JobHead) -> None:
    await put_event(log, "jobs.finished", make_finished().model_copy(update={"job": head}), head.job_id.encode())


async def stands(log: MemoryLog, scope: BrakeScope = ACME, max_records: int = 1_000) -> Standing:
    return await standing(log, NAMESPACE, scope, max_records=max_records, progress=lambda done, total: None)


async def counted(log: MemoryLog, scope: BrakeScope = ACME) -> dict[str, int]:
    return dict((await stands(log, scope)).count.by_tenant())


async def say(log: MemoryLog, *events: Event) -> None:
    producer = log.producer("test", None)
    await producer.start()
    for event in events:
        await publish(producer, entry(event, TOPIC, NAMESPACE, datetime.now(UTC)))
    await producer.close()
