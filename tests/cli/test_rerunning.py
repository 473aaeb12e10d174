"""`headchef rerun`: which jobs are run again, as which run, and what is said of the others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from headchef_contracts.events.common import Cause
from headchef_contracts.events.jobs import JobFinished, JobRefused, JobStatus, JobSubmitted
from headchef_contracts.placement import partition_for

from headchef.cli.faults import WorkFailed
from headchef.cli.rerunning.choice import Choice, Name, Submitted, Wish, choose, newest
from headchef.cli.rerunning.reading import ends_of, submissions_of
from headchef.cli.rerunning.running import chosen
from headchef.runtime.log.memory import MemoryLog
from tests.cli.builders import START, make_finished, make_job, make_refused
from tests.cli.clusters import NAMESPACE, make_log, put_event

BAD = frozenset(("failed", "rejected", "cancelled"))


def job(job_id: str = "j1", **fields: Any) -> JobSubmitted:
    return make_job(job_id).model_copy(update=fields)


def finished(job_id: str = "j1", status: JobStatus = "rejected", **fields: Any) -> JobFinished:
    result = make_finished(job_id, status=status)
    return result.model_copy(update={"job": result.job.model_copy(update=fields)})


def choice(
    result: JobFinished, submitted: Sequence[JobSubmitted], *refused: JobRefused, now: datetime = START
) -> Choice:
    return choose(newest([result]), [Submitted(each, "bulk") for each in submitted], refused, now)


def test_what_was_submitted_is_submitted_again_as_the_next_run() -> None:
    found = choice(finished(run=1), [job(run=0), job(run=1), job("j2")])
    [again] = found.jobs
    assert (again.job, again.door) == (job(run=2), "bulk")
    assert (found.passed_over, found.too_late) == ([], 0)


def test_the_first_record_of_a_run_is_the_one_that_was_taken() -> None:
    conflicting = job(subject="another")
    assert [each.job.subject for each in choice(finished(), [job(), conflicting]).jobs] == [None]


@pytest.mark.parametrize(
    ("submitted", "why"),
    [
        ([job(), job(run=1)], "run 1 of revision 0 has no result yet"),
        ([job(), job(revision=1)], "run 0 of revision 1 has no result yet"),
        ([job(run=1, tenant="other")], "what was submitted is not kept any more"),
        ([], "what was submitted is not kept any more"),
    ],
)
def test_a_job_that_cannot_be_run_again_is_passed_over_with_why(submitted: list[JobSubmitted], why: str) -> None:
    found = choice(finished(), submitted)
    assert not found.jobs
    [(job_id, said)] = found.passed_over
    assert job_id == "j1"
    assert said.startswith(why)


def test_a_run_that_was_refused_is_not_under_way_and_its_number_is_not_taken_again() -> None:
    refused = make_refused("j1").model_copy(update={"run": 1, "tenant": "default"})
    [again] = choice(finished(), [job(), job(run=1)], refused).jobs
    assert again.job.run == 2


@pytest.mark.parametrize(("late_s", "left_out"), [(-1, True), (0, True), (1, False)])
def test_a_deadline_that_has_passed_is_left_out(late_s: float, left_out: bool) -> None:
    deadline = START + timedelta(seconds=late_s)
    found = choice(finished(), [job(deadline=deadline)])
    assert (found.jobs[0].job.deadline, found.too_late) == (None if left_out else deadline, left_out)


def test_the_newest_result_counts_whatever_the_order() -> None:
    results = [finished(run=1), finished(run=0, revision=1), finished(run=0)]
    for ordered in (results, results[::-1]):
        head = newest(ordered)[Name("default", "j1")].job
        assert (head.revision, head.run) == (1, 0)


class Meter:
    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show nothing."""


async def put(log: MemoryLog, *events: JobSubmitted | JobFinished | JobRefused) -> None:
    topics = {JobSubmitted: "jobs.submitted.bulk", JobFinished: "jobs.finished", JobRefused: "jobs.refused"}
    for event in events:
        key = event.job.job_id if isinstance(event, JobFinished) else event.job_id
        await put_event(log, topics[type(event)], event, (key or "").encode())


def wish(**fields: Any) -> Wish:
    known: dict[str, Any] = {"job_id": None, "batch_id": None, "tenant": None, "statuses": BAD}
    return Wish(**(known | fields))


def of_batch(job_id: str, status: JobStatus, batch_id: str = "b1", **fields: Any) -> tuple[JobSubmitted, JobFinished]:
    return job(job_id, batch_id=batch_id, **fields), finished(job_id, status, batch_id=batch_id, **fields)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (wish(batch_id="b1"), [("j2", 1), ("j3", 1)]),
        (wish(batch_id="b1", statuses=frozenset({"ok"})), [("j1", 1), ("j5", 2)]),
        (wish(job_id="j4"), [("j4", 1)]),
        (wish(batch_id="b1", tenant="other"), None),
        (wish(job_id="j1"), None),
        (wish(job_id="j6"), None),
    ],
)
async def test_jobs_are_found_by_id_or_by_batch_and_by_their_newest_status(
    wanted: Wish, found: list[tuple[str, int]] | None
) -> None:
    log = make_log()
    await put(log, *of_batch("j1", "ok"), *of_batch("j2", "rejected"), *of_batch("j3", "rejected"))
    await put(log, *of_batch("j4", "rejected", "b2"))
    await put(log, *of_batch("j5", "rejected"), *of_batch("j5", "ok", run=1), job("j6"))
    if found is None:
        with pytest.raises(WorkFailed):
            await chosen(log, NAMESPACE, wanted, Meter())
    else:
        again = (await chosen(log, NAMESPACE, wanted, Meter())).jobs
        assert sorted((each.job.job_id, each.job.run) for each in again) == found
        assert {each.door for each in again} == {"bulk"}


async def test_a_job_that_is_well_is_said_to_be() -> None:
    log = make_log()
    await put(log, *of_batch("j1", "ok"))
    with pytest.raises(WorkFailed, match="the newest result of job j1 is ok") as failed:
        await chosen(log, NAMESPACE, wish(job_id="j1"), Meter())
    assert failed.value.hint == "--status ok runs it again all the same"


async def test_a_job_goes_by_its_entry_again_and_what_only_claimed_its_tenant_is_passed_over() -> None:
    log, mine = make_log(entries=["museum"]), job("j1", subject="mine")
    stolen = [job("j1", subject="stolen"), job("j1", run=7)]
    await put(log, *stolen, finished("j1"))
    await put_event(log, "jobs.submitted.museum.bulk", mine, b"j1")
    home = partition_for(b"j1", 4)
    for offset in range(len(stolen)):
        source = Cause(topic="jobs.submitted.bulk", partition=home, offset=offset)
        refused = make_refused("j1").model_copy(update={"reason": "tenant_not_allowed", "source": source})
        await put(log, refused)
    refusals = (await ends_of(log, NAMESPACE, Meter())).refused
    [found] = await submissions_of(log, NAMESPACE, ["j1"], Meter(), refused=refusals, entries=["museum"])
    assert (found.job, found.door, found.entry) == (mine, "bulk", "museum")
    [again] = choose(newest([finished("j1")]), [found], refusals, START).jobs
    assert (again.job.subject, again.job.run, again.entry) == ("mine", 1, "museum")
