"""Where the events of a job are looked for, and how far."""

import pytest

from headchef_contracts import placement

from headchef.cli.history.gather import History, gather
from headchef.runtime.log.memory import MemoryLog
from tests.accounts.pools.builders import Owner, make_asked, make_ended
from tests.cli.builders import (
    SHA,
    make_attempt,
    make_completed,
    make_dispatched,
    make_finished,
    make_job,
    make_planned,
)
from tests.cli.clusters import NAMESPACE, make_log, put_event
from tests.support.builders import (
    make_head,
)


@pytest.fixture
def log() -> MemoryLog:
    return make_log()


async def found(log: MemoryLog, job_id: str = "j1", max_records: int = 1000) -> History:
    return await gather(log, namespace="headchef", job_id=job_id, max_records=max_records, progress=lambda *_: None)


async def test_every_event_of_a_job_is_found_and_no_other(log: MemoryLog) -> None:
    for job_id in ("j1", "j11"):
        key = job_id.encode()
        await put_event(log, "jobs.submitted", make_job(job_id), key)
        await put_event(log, "steps.planned", make_planned(job_id), SHA.encode())
        await put_event(log, "steps.dispatched.default", make_dispatched(job_id), None, 3)
        await put_event(log, "attempts.recorded", make_attempt(job_id), key)
        await put_event(log, "steps.completed", make_completed(job_id), key)
        await put_event(log, "jobs.finished", make_finished(job_id, "x"), key)
    history = await found(log)
    assert sorted(hop.topic for hop in history.hops) == sorted(
        (
            "jobs.submitted",
            "steps.planned",
            "steps.dispatched.default",
            "attempts.recorded",
            "steps.completed",
            "jobs.finished",
        )
    )
    assert history.missing == ()


async def test_the_way_of_a_bulk_job_is_found(log: MemoryLog) -> None:
    planned = make_planned("j1")
    step = planned.step.model_copy(update={"job": planned.step.job.model_copy(update={"job_class": "bulk"})})
    await put_event(log, "jobs.submitted.bulk", make_job("j1"), b"j1")
    await put_event(log, "steps.planned.bulk", planned.model_copy(update={"step": step}), SHA.encode())
    dispatched = make_dispatched("j1").model_copy(update={"step": step})
    await put_event(log, "steps.dispatched.default.bulk", dispatched, None, 3)
    ways = ["jobs.submitted.bulk", "steps.planned.bulk", "steps.dispatched.default.bulk"]
    assert sorted(hop.topic for hop in (await found(log)).hops) == sorted(ways)


async def test_a_job_of_an_entry_is_found() -> None:
    log = make_log(entries=["museum"])
    await put_event(log, "jobs.submitted.museum.bulk", make_job("j1"), b"j1")
    history = await gather(
        log, namespace=NAMESPACE, job_id="j1", max_records=100, progress=lambda *_: None, entries=["museum"]
    )
    assert [hop.topic for hop in history.hops] == ["jobs.submitted.museum.bulk"]


async def test_a_judgement_is_found_by_its_own_name_from_its_question_to_its_end(log: MemoryLog) -> None:
    owner = Owner()
    await owner.tell(asked := make_asked())
    [planned] = owner.planned
    name = planned.job_id
    head = make_head(name, judgement_of=planned.account, job_class="bulk")
    completed = make_completed(name, ("steps.planned", 0, 0))
    step = completed.step.model_copy(update={"job": head})
    await put_event(log, "judgements.planned", planned, name.encode())
    await put_event(log, "steps.completed", completed.model_copy(update={"step": step}), name.encode())
    history = await found(log, name)
    assert [hop.topic for hop in history.hops] == ["judgements.planned", "steps.completed"]
    await put_event(log, "cache.observed", asked, planned.account.encode())
    await put_event(log, "cache.observed", make_ended(planned), planned.account.encode())
    history = await found(log, name)
    assert [hop.topic for hop in history.hops] == ["judgements.planned", "steps.completed", "cache.observed"]
    assert history.held is None


async def test_a_submission_in_a_strange_place_is_found(log: MemoryLog) -> None:
    home = placement.home_partition("j1", None, 4)
    await put_event(log, "jobs.submitted", make_job("j1"), b"other", (home + 1) % 4)
    history = await found(log)
    assert [each.partition for each in history.hops] == [(home + 1) % 4]


async def test_an_unfinished_job_is_found_as_far_as_it_came(log: MemoryLog) -> None:
    await put_event(log, "jobs.submitted", make_job("j1"), b"j1")
    await put_event(log, "steps.planned", make_planned("j1"), SHA.encode())
    assert [each.topic for each in (await found(log)).hops] == ["jobs.submitted", "steps.planned"]


async def test_the_reading_is_bounded_and_says_so(log: MemoryLog) -> None:
    for number in range(5):
        await put_event(log, "jobs.submitted", make_job(f"other{number}"), b"j1")
    history = await found(log, max_records=2)
    assert history.hops == []
    assert history.skipped == {"jobs.submitted": 3}
    assert "jobs.submitted" not in history.missing
