"""What `headchef pause`, `resume` and `cancel` count, on a log in memory."""

from typing import Any

import orjson
import pytest

from headchef_contracts import placement
from headchef_contracts.events.brakes import BrakeScope
from headchef_contracts.events.jobs import JobRefused

from headchef.cli.faults import WrongUsage
from headchef.runtime.log.port import Headers
from tests.cli.clusters import make_log, put, put_event
from tests.cli.stopping import PARTITIONS, counted, finish, stands, submit
from tests.executor.fakes import make_dispatched
from tests.support.builders import make_completed, make_decided, make_head, make_job, make_step


async def test_what_has_no_end_is_counted_once() -> None:
    log = make_log()
    for number in range(4):
        await submit(log, make_job(f"job-{number}", tenant="acme"), bulk=number == 3)
    await submit(log, make_job("job-0", tenant="acme"))
    await submit(log, make_job("job-0", tenant="acme", run=1))
    await submit(log, make_job("job-0", tenant="other"))
    await submit(log, make_job("job-9"))
    await finish(log, make_head("job-1", tenant="acme"))
    await finish(log, make_head("job-2", tenant="other"))
    assert await counted(log) == {"acme": 4}
    assert await counted(log, BrakeScope(tenant="default")) == {"default": 1}


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"batch_id": "spring"}, {"acme": 2, "other": 1}),
        ({"batch_id": "spring", "tenant": "acme"}, {"acme": 2}),
        ({"labels": {"team": "blue"}}, {"acme": 1}),
        ({"tenant": "acme", "job_id": "a"}, {"acme": 1}),
        ({"tenant": "acme", "job_id": "z"}, {}),
    ],
)
async def test_each_scope_counts_its_own(scope: dict[str, Any], found: dict[str, int]) -> None:
    log = make_log()
    await submit(log, make_job("a", tenant="acme", batch_id="spring", labels={"team": "blue"}))
    await submit(log, make_job("b", tenant="acme", batch_id="spring", labels={"team": "red"}))
    await submit(log, make_job("a", tenant="other", batch_id="spring"))
    assert await counted(log, BrakeScope(**scope)) == found


async def test_a_job_on_its_way_home_is_one_job() -> None:
    log = make_log()
    await submit(log, make_job("job-1", tenant="acme"), away=True)
    assert await counted(log) == {"acme": 1}
    await submit(log, make_job("job-1", tenant="acme"))
    assert await counted(log) == {"acme": 1}
    await finish(log, make_head("job-1", tenant="acme"))
    assert await counted(log) == {}


async def test_a_refused_record_is_no_job_and_a_refused_copy_takes_none_away() -> None:
    log = make_log()
    number = await submit(log, make_job("job-1", tenant="acme"))
    await submit(log, make_job("job-1", "other content", tenant="acme"))
    refused = JobRefused(
        job_id="job-1",
        tenant="acme",
        reason="job_id_conflict",
        field="job_id",
        message="was accepted before with other content",
        source=make_decided().causes[0].model_copy(update={"partition": number, "offset": 1}),
        dead_letter_topic="jobs.submitted.dlq",
        decided=make_decided(),
    )
    await put_event(log, "jobs.refused", refused, b"job-1")
    assert await counted(log) == {"acme": 1}
    source = refused.source.model_copy(update={"offset": 0})
    await put_event(log, "jobs.refused", refused.model_copy(update={"source": source}), b"job-1")
    assert await counted(log) == {}


async def test_what_was_refused_on_its_way_is_on_none() -> None:
    log = make_log()
    number = await submit(log, make_job("job-1", tenant="acme"), away=True)
    assert await counted(log) == {"acme": 1}
    source = make_decided().causes[0].model_copy(update={"topic": "jobs.submitted", "partition": number, "offset": 0})
    refused = JobRefused(
        job_id="job-1",
        reason="tenant_not_allowed",
        field="tenant",
        message="is bound to an entry",
        source=source,
        dead_letter_topic="jobs.submitted.dlq",
        decided=make_decided(),
    )
    await put_event(log, "jobs.refused", refused, b"job-1")
    assert await counted(log) == {}


async def test_what_is_no_job_is_not_counted_and_an_envelope_is_opened() -> None:
    log = make_log()
    for value in (None, b"", b"not json", b"[1]", b'{"tenant": "acme"}', b'{"job_id": 7, "tenant": "acme"}'):
        await put(log, "jobs.submitted", value, None, 0)
    job = make_job("job-1", tenant="acme")
    about = {"specversion": "1.0", "id": "1", "source": "/cms", "type": "headchef.job.submitted", "data": job}
    headers: Headers = (("content-type", b"application/cloudevents+json"),)
    home = placement.home_partition("job-1", None, PARTITIONS)
    await put(log, "jobs.submitted", orjson.dumps(about), None, home, headers)
    assert await counted(log) == {"acme": 1}


async def test_a_lane_counts_the_steps_that_were_sent_to_it_and_have_not_ended() -> None:
    log, lane = make_log(("default", "other")), BrakeScope(lane="other")
    steps = [make_step("hi", job=make_head(f"job-{number}"), lane="other") for number in range(3)]
    for step in steps:
        await put_event(log, "steps.dispatched.other", make_dispatched(step), None, 0)
    here = make_step("hi", job=make_head("job-9"))
    await put_event(log, "steps.dispatched.default", make_dispatched(here), None, 0)
    await put_event(log, "steps.completed", make_completed(step=steps[0]), b"job-0")
    earlier = steps[1].model_copy(update={"plan": 1, "request": here.request})
    await put_event(log, "steps.completed", make_completed(step=earlier), b"job-1")
    assert await counted(log, lane) == {"default": 2}
    with pytest.raises(WrongUsage, match="--lane: the cluster has no lane third"):
        await stands(log, BrakeScope(lane="third"))


async def test_older_records_that_were_not_looked_at_are_told() -> None:
    log = make_log()
    for run in range(5):
        await submit(log, make_job("job-1", tenant="acme", run=run))
    found = await stands(log, max_records=2)
    assert (found.count.by_tenant(), found.skipped) == ({"acme": 2}, 3)
